/// A compute shader: plain WGSL files put one after the other; WGSL has no order at module scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shader<'a> {
    /// Its stem.
    pub name: &'static str,
    /// The texts of its files.
    pub parts: &'a [&'static str],
}

impl Shader<'_> {
    /// The text that is compiled.
    pub fn source(&self) -> String {
        self.parts.join("\n")
    }
}

/// The text of a file below `shaders/`, by its path without the ending.
macro_rules! shader_part {
    ($path:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/shaders/", $path, ".wgsl"))
    };
}
pub(crate) use shader_part;
