//! What a JPEG's markers say (ITU-T T.81 Annex B) that its decoder does not tell: how many inks it has, and whether its
//! end is there. Decoders fill what is missing with gray.

use std::path::Path;

use crate::error::MediaError;
use crate::input::array;

/// Refuses CMYK and files that are cut off.
pub(super) fn check(name: &Path, file: &[u8]) -> Result<(), MediaError> {
    let mut at = 2;
    loop {
        // Any number of filling bytes stand before a marker.
        while file.get(at) == Some(&0xFF) && file.get(at + 1) == Some(&0xFF) {
            at += 1;
        }
        let Some([0xFF, marker]) = array::<2>(file, at) else {
            return Err(MediaError::damaged(
                name,
                at as u64,
                "the picture ends, or loses its order, before its pixels",
            ));
        };
        let size = array(file, at + 2).map_or(0, u16::from_be_bytes);
        match marker {
            // A frame: precision, height, width, components.
            0xC0..=0xCF if !matches!(marker, 0xC4 | 0xC8 | 0xCC) => match file.get(at + 9) {
                Some(4) => {
                    let remedy = "convert it to RGB (sRGB); shops and players show CMYK in wrong colors or not at all";
                    return Err(MediaError::unsupported(name, "a picture in CMYK, which is for print", remedy));
                }
                Some(1 | 3) => {}
                _ => return Err(MediaError::damaged(name, at as u64, "a picture of neither one nor three components")),
            },
            0xDA => break,
            0x01 | 0xD0..=0xD9 => {
                at += 2;
                continue;
            }
            _ => {}
        }
        at += 2 + usize::from(size.max(2));
    }
    // Within the pixels a marker's first byte is always followed by 0 or a restart, so this is the end.
    let end = file.windows(2).skip(at).any(|two| two == [0xFF, 0xD9]);
    if end {
        Ok(())
    } else {
        Err(MediaError::damaged(name, file.len() as u64, "the picture is cut off: its end is missing"))
    }
}
