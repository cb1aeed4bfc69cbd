use crate::{Error, Result};

/// Where the image of a frame is on the GPU.
#[derive(Clone, Debug)]
pub enum FrameImage {
    /// In [`GpuLocaliser::grey_values`](super::GpuLocaliser::grey_values): as for [`Self::Buffer`].
    Values([u32; 2]),
    /// In a buffer of the host, with storage usage: a width and the map's height, and row-major f32 from 0, black, to 1, white.
    /// Values beyond are brought there, and what is no number is black.
    Buffer(wgpu::Buffer, [u32; 2]),
    /// In a texture of the host, of any size, with usage `TEXTURE_BINDING`: two-dimensional, with 8 bits each of red, green, blue and
    /// opacity; its luma (Rec. 601, of the levels that an image file has) is averaged as by
    /// [`GreyImage::resized`](super::GreyImage::resized).
    Texture(wgpu::Texture),
}

impl FrameImage {
    /// Its width and height, pixels.
    pub fn size_px(&self) -> [u32; 2] {
        match self {
            Self::Values(size_px) | Self::Buffer(_, size_px) => *size_px,
            Self::Texture(texture) => [texture.width(), texture.height()],
        }
    }

    /// Whether the stages can read it, for a map that brings it to this size.
    pub(super) fn check(&self, working_px: [u32; 2]) -> Result<()> {
        let [width, height] = self.size_px();
        let bad = |found: String| Err(Error::BadImage { width, height, found });
        if width == 0 || height == 0 {
            return bad("there are none".to_owned());
        }
        match self {
            Self::Texture(texture) => check_texture(texture),
            Self::Values(size_px) | Self::Buffer(_, size_px) if *size_px != working_px => {
                bad(format!("the map is made of images {} pixels high", working_px[1]))
            }
            Self::Buffer(buffer, _) if buffer.size() < 4 * u64::from(width) * u64::from(height) => {
                bad(format!("the buffer has {} bytes", buffer.size()))
            }
            Self::Values(_) | Self::Buffer(..) => Ok(()),
        }
    }
}

/// Whether the shader can read it.
fn check_texture(texture: &wgpu::Texture) -> Result<()> {
    use wgpu::TextureFormat::{Bgra8Unorm, Bgra8UnormSrgb, Rgba8Unorm, Rgba8UnormSrgb};
    let known = [Rgba8Unorm, Rgba8UnormSrgb, Bgra8Unorm, Bgra8UnormSrgb].contains(&texture.format());
    let flat = texture.dimension() == wgpu::TextureDimension::D2
        && texture.depth_or_array_layers() == 1
        && texture.sample_count() == 1;
    if known && flat && texture.usage().contains(wgpu::TextureUsages::TEXTURE_BINDING) {
        return Ok(());
    }
    let found = format!("the texture is {:?} in {:?} for {:?}", texture.format(), texture.dimension(), texture.usage());
    Err(Error::BadImage { width: texture.width(), height: texture.height(), found })
}
