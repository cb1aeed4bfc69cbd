//! Structs that begin with their size, so that a program keeps working with a library whose structs have grown at their end.

use crate::border::{Result, bad_input, null};
use std::ptr;

/// A struct of C whose first field, `struct_size`, says how much of it the caller knows.
///
/// # Safety
/// It is `repr(C)`, any bytes are a value of it, and it begins with a `usize`.
pub(crate) unsafe trait Versioned: Copy {
    const NAME: &'static str;
    /// Its size when it was first published: where fields are added, the offset of the first of these.
    const FIRST_SIZE: usize;

    /// What a field is that the caller does not know.
    fn defaults() -> Self;

    /// That a caller's size is one that the struct has had.
    fn check_size(struct_size: usize) -> Result<()> {
        let known = Self::FIRST_SIZE..=size_of::<Self>();
        if known.contains(&struct_size) {
            return Ok(());
        }
        let (least, most) = known.into_inner();
        let expected = if least == most { format!("{most}") } else { format!("{least} to {most}") };
        let name = Self::NAME;
        Err(bad_input(format!("{name}: expected a struct_size of {expected}, sizeof({name}), but it is {struct_size}")))
    }

    /// The size of the caller's struct, one that it has had.
    ///
    /// # Safety
    /// The pointer is null or to as many bytes as the `usize` there says.
    unsafe fn size(of: *const Self, name: &str) -> Result<usize> {
        if of.is_null() {
            return Err(null(name));
        }
        // SAFETY: the struct begins with its size
        let struct_size = unsafe { of.cast::<usize>().read_unaligned() };
        Self::check_size(struct_size)?;
        Ok(struct_size)
    }

    /// The caller's struct.
    ///
    /// # Safety
    /// As [`Self::size`].
    unsafe fn read(from: *const Self, name: &str) -> Result<Self> {
        // SAFETY: the caller says so
        let struct_size = unsafe { Self::size(from, name) }?;
        let mut value = Self::defaults();
        // SAFETY: the caller has as many bytes, and there are no more in the struct
        unsafe { ptr::copy_nonoverlapping(from.cast::<u8>(), ptr::from_mut(&mut value).cast(), struct_size) };
        Ok(value)
    }

    /// So many structs of the caller's, one after the other, each of the size of the first.
    ///
    /// # Safety
    /// The pointer is null or to as many structs of as many bytes as the `usize` there says.
    unsafe fn each(first: *const Self, count: usize, name: &str) -> Result<Vec<*const Self>> {
        // SAFETY: the caller says so
        let stride = unsafe { Self::size(first, name) }?;
        let at = |index: usize| {
            // SAFETY: within the caller's array
            let each = unsafe { first.byte_add(index * stride) };
            // SAFETY: the struct begins with its size
            let found = unsafe { each.cast::<usize>().read_unaligned() };
            if found == stride {
                return Ok(each);
            }
            Err(bad_input(format!(
                "{name} {index}: expected a struct_size of {stride} as of the first, but it is {found}"
            )))
        };
        (0..count).map(at).collect()
    }

    /// Puts into the caller's struct what it has of the value, but for its size.
    ///
    /// # Safety
    /// The pointer is to as many bytes, that may be written.
    unsafe fn write(&self, to: *mut Self, struct_size: usize) -> Result<()> {
        Self::check_size(struct_size)?;
        // SAFETY: the caller has as many bytes, and there are no more in the struct
        unsafe { ptr::copy_nonoverlapping(ptr::from_ref(self).cast::<u8>(), to.cast(), struct_size) };
        // SAFETY: the struct begins with its size
        unsafe { to.cast::<usize>().write_unaligned(struct_size) };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::nabla_options;
    use crate::problem::nabla_problem;
    use crate::result::nabla_result;
    use std::mem::offset_of;

    #[repr(C)]
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Grown {
        struct_size: usize,
        first: u64,
        added: u64,
    }

    // SAFETY: numbers, the size first
    unsafe impl Versioned for Grown {
        const NAME: &'static str = "grown";
        const FIRST_SIZE: usize = offset_of!(Self, added);

        fn defaults() -> Self {
            Self { struct_size: size_of::<Self>(), first: 0, added: 7 }
        }
    }

    /// What a program has that was compiled before the struct grew.
    #[repr(C)]
    struct Old {
        struct_size: usize,
        first: u64,
    }

    #[test]
    fn programs_with_the_old_struct_keep_working() {
        let mut old = Old { struct_size: size_of::<Old>(), first: 3 };
        // SAFETY: the struct has the size that it says
        let read = unsafe { Grown::read(ptr::from_ref(&old).cast(), "old") };
        assert_eq!(read.ok(), Some(Grown { struct_size: 16, first: 3, added: 7 }));
        let found = Grown { struct_size: 24, first: 5, added: 9 };
        // SAFETY: as above
        assert!(unsafe { found.write(ptr::from_mut(&mut old).cast(), 16) }.is_ok());
        assert_eq!((old.struct_size, old.first), (16, 5));
    }

    /// A field added there would not change the size.
    #[test]
    fn no_struct_ends_in_padding() {
        assert_eq!(offset_of!(nabla_options, coherent) + size_of::<i32>(), size_of::<nabla_options>());
        assert_eq!(offset_of!(nabla_problem, seed) + size_of::<u64>(), size_of::<nabla_problem>());
        assert_eq!(offset_of!(nabla_result, has_homography) + size_of::<i32>(), size_of::<nabla_result>());
    }

    #[test]
    fn other_sizes_are_refused() {
        for size in [0, 8, 15, 25, usize::MAX] {
            let text = Grown::check_size(size).err().map(|failure| failure.text).unwrap_or_default();
            assert!(text.contains("16 to 24") && text.ends_with(&size.to_string()), "{text}");
        }
    }
}
