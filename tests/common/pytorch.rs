//! A PyTorch checkpoint as `torch.save` writes it: a stored ZIP archive of a pickle and the tensors' bytes.

/// A tensor of a state dict: its storage class, shape and bytes.
pub(crate) struct Saved {
    pub(crate) name: String,
    pub(crate) class: &'static str,
    pub(crate) shape: Vec<usize>,
    pub(crate) bytes: Vec<u8>,
}

impl Saved {
    pub(crate) fn floats(name: String, shape: Vec<usize>, values: &[f32]) -> Self {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Self { name, class: "FloatStorage", shape, bytes }
    }

    fn count(&self) -> usize {
        self.shape.iter().product()
    }
}

/// The bytes of the checkpoint.
pub(crate) fn checkpoint(tensors: &[Saved]) -> Vec<u8> {
    let mut archive = Archive::default();
    archive.add("archive/data.pkl", &pickle(tensors));
    for (key, tensor) in tensors.iter().enumerate() {
        archive.add(&format!("archive/data/{key}"), &tensor.bytes);
    }
    archive.add("archive/version", b"3\n");
    archive.finish()
}

/// An ordered dictionary of tensors, in pickle protocol 2.
fn pickle(tensors: &[Saved]) -> Vec<u8> {
    const ORDERED_DICT: &[u8] = b"ccollections\nOrderedDict\n)R";
    let mut out = vec![0x80, 2];
    out.extend(ORDERED_DICT);
    out.push(b'(');
    for (key, tensor) in tensors.iter().enumerate() {
        text(&mut out, &tensor.name);
        out.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
        text(&mut out, "storage");
        out.extend(format!("ctorch\n{}\n", tensor.class).into_bytes());
        text(&mut out, &key.to_string());
        text(&mut out, "cpu");
        integer(&mut out, tensor.count());
        out.extend(b"tQ");
        integer(&mut out, 0);
        integers(&mut out, &tensor.shape);
        let stride = |place: usize| tensor.shape[place + 1..].iter().product();
        integers(&mut out, &(0..tensor.shape.len()).map(stride).collect::<Vec<usize>>());
        out.push(0x89);
        out.extend(ORDERED_DICT);
        out.extend(b"tR");
    }
    out.extend(b"u.");
    out
}

fn text(out: &mut Vec<u8>, text: &str) {
    out.push(b'X');
    out.extend((text.len() as u32).to_le_bytes());
    out.extend(text.bytes());
}

fn integer(out: &mut Vec<u8>, value: usize) {
    out.push(b'J');
    out.extend((value as u32).to_le_bytes());
}

fn integers(out: &mut Vec<u8>, values: &[usize]) {
    out.push(b'(');
    values.iter().for_each(|&value| integer(out, value));
    out.push(b't');
}

/// A ZIP archive without compression.
#[derive(Default)]
struct Archive {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    entries: u16,
}

impl Archive {
    fn add(&mut self, name: &str, data: &[u8]) {
        let offset = self.bytes.len() as u32;
        let mut common = Vec::new();
        // version needed, flags, method, time, date
        common.extend([20u16, 0, 0, 0, 0x21].iter().flat_map(|field| field.to_le_bytes()));
        common.extend([crc32(data), data.len() as u32, data.len() as u32].iter().flat_map(|field| field.to_le_bytes()));
        common.extend([name.len() as u16, 0].iter().flat_map(|field| field.to_le_bytes()));
        self.bytes.extend(b"PK\x03\x04");
        self.bytes.extend(&common);
        self.bytes.extend(name.bytes());
        self.bytes.extend(data);
        self.directory.extend(b"PK\x01\x02\x14\x00");
        self.directory.extend(&common);
        // comment, disk, attributes
        self.directory.extend([0; 10]);
        self.directory.extend(offset.to_le_bytes());
        self.directory.extend(name.bytes());
        self.entries += 1;
    }

    fn finish(mut self) -> Vec<u8> {
        let start = self.bytes.len() as u32;
        let size = self.directory.len() as u32;
        self.bytes.extend(self.directory);
        self.bytes.extend(b"PK\x05\x06");
        self.bytes.extend([0, 0, self.entries, self.entries].iter().flat_map(|field| field.to_le_bytes()));
        self.bytes.extend([size, start].iter().flat_map(|field| field.to_le_bytes()));
        self.bytes.extend([0; 2]);
        self.bytes
    }
}

fn crc32(data: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 };
    !data.iter().fold(!0, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), step))
}
