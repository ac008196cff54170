//! A picture as files embed it.

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
        let size = image::ImageReader::new(std::io::Cursor::new(&self.bytes))
            .with_guessed_format()
            .ok()
            .and_then(|reader| reader.into_dimensions().ok());
        let (width, height) = size.unwrap_or((0, 0));
        let depth = if size.is_some() { 24_u32 } else { 0 };
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
