//! A picture as files embed it.

use image::ImageDecoder;

use crate::input::array;

/// A picture of a file, as it stands there.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Embedded {
    /// What it shows, by the numbers of ID3's `APIC` (and FLAC's): 3 is the front cover.
    pub kind: u8,
    /// `image/jpeg`, `image/png`.
    pub mime: String,
    /// What is said of it; often nothing.
    pub description: String,
    /// The picture's file.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Embedded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Embedded")
            .field("kind", &self.kind)
            .field("mime", &self.mime)
            .field("bytes", &self.bytes.len())
            .finish()
    }
}

impl Embedded {
    /// The number of a front cover.
    pub const FRONT_COVER: u8 = 3;

    /// FLAC's block (also base64 in Vorbis comments): big-endian, its sizes before its texts.
    pub(super) fn flac_block(&self) -> Vec<u8> {
        let ((width, height), depth) = self.shape().unwrap_or_default();
        let mut out = u32::from(self.kind).to_be_bytes().to_vec();
        for text in [self.mime.as_bytes(), self.description.as_bytes()] {
            out.extend_from_slice(&(text.len() as u32).to_be_bytes());
            out.extend_from_slice(text);
        }
        for number in [width, height, depth, 0, self.bytes.len() as u32] {
            out.extend_from_slice(&number.to_be_bytes());
        }
        out.extend_from_slice(&self.bytes);
        out
    }

    /// Width and height in pixels, and the bits of one of them, transparency included.
    fn shape(&self) -> Option<((u32, u32), u32)> {
        let reader = image::ImageReader::new(std::io::Cursor::new(&self.bytes)).with_guessed_format().ok()?;
        let decoder = reader.into_decoder().ok()?;
        Some((decoder.dimensions(), u32::from(decoder.original_color_type().bits_per_pixel())))
    }

    /// Reads FLAC's block.
    pub(super) fn of_flac_block(block: &[u8]) -> Option<Embedded> {
        let word = |at: usize| array(block, at).map(|bytes| u32::from_be_bytes(bytes) as usize);
        let part = |at: usize| block.get(at + 4..(at + 4).checked_add(word(at)?)?);
        let mime = part(4)?;
        let description = part(8 + mime.len())?;
        let at = 12 + mime.len() + description.len() + 16;
        Some(Embedded {
            kind: u8::try_from(word(0)?).unwrap_or(0),
            mime: String::from_utf8_lossy(mime).into_owned(),
            description: String::from_utf8_lossy(description).into_owned(),
            bytes: part(at)?.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Embedded;

    /// Programs that read the block hold it against the picture (`opusinfo` warns where they differ).
    #[test]
    fn a_block_states_the_bits_of_the_pictures_pixels() {
        let pictures = [
            (image::DynamicImage::new_luma8(3, 2), 8),
            (image::DynamicImage::new_rgb8(3, 2), 24),
            (image::DynamicImage::new_rgba8(3, 2), 32),
        ];
        for (picture, bits) in pictures {
            let mut bytes = Vec::new();
            picture.write_to(&mut std::io::Cursor::new(&mut bytes), image::ImageFormat::Png).unwrap();
            let (kind, mime, description) = (Embedded::FRONT_COVER, "image/png".to_owned(), String::new());
            let block = Embedded { kind, mime, description, bytes }.flac_block();
            let number = |at: usize| u32::from_be_bytes(block[at..at + 4].try_into().unwrap());
            let sizes = 8 + "image/png".len() + 4;
            assert_eq!([number(sizes), number(sizes + 4), number(sizes + 8)], [3, 2, bits]);
        }
    }
}
