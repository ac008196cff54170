//! The cover of a release: read, checked, made smaller, and ready to be put into files.
//!
//! JPEG and PNG are read. A picture is made smaller in linear light, where the mean of black and white is the gray that
//! an eye sees from afar, and never made larger. What shops refuse ([`Artwork::check`]) is told before it is delivered.

mod jpeg;
mod resize;

use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::codecs::png::PngDecoder;
use image::{ColorType, DynamicImage, ImageDecoder, ImageEncoder, ImageError, Limits};
use tonmeister_core::Diagnostic;

use crate::error::MediaError;
use crate::tags::{Embedded, guarded};

/// A picture's file may have so many bytes.
const MOST_BYTES: u64 = 64 << 20;
/// And so many pixels along a side: four times what the largest shop takes.
const MOST_SIDE: u32 = 16_384;
/// What decoding may take of the memory.
const MOST_MEMORY: u64 = 1 << 30;

/// A picture that was read whole.
pub struct Artwork {
    name: PathBuf,
    /// The file as it is, and whether that is a JPEG that needs no turning.
    file: Vec<u8>,
    upright_jpeg: bool,
    /// Three channels; 8 bits or 16.
    pixels: DynamicImage,
    gray: bool,
    profile: Option<Vec<u8>>,
}

/// What a shop asks of a cover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArtworkRules {
    /// Pixels along each side, at least.
    pub least_side: u32,
    /// Whether it must be a square.
    pub square: bool,
    /// Bytes of its file, at most.
    pub most_bytes: u64,
}

impl Default for ArtworkRules {
    /// What distributors ask for together (November 2026): square, 3000 pixels, at most 10 MB.
    fn default() -> Self {
        ArtworkRules { least_side: 3000, square: true, most_bytes: 10_000_000 }
    }
}

impl std::fmt::Debug for Artwork {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Artwork").field("name", &self.name).field("size", &self.size()).finish()
    }
}

impl Artwork {
    /// Reads a JPEG or PNG; the content decides, not the name.
    ///
    /// # Errors
    /// When it is neither, is damaged or cut off, is in CMYK, has transparent parts, or has more than 64 MiB or 16384
    /// pixels along a side.
    pub fn load(path: impl AsRef<Path>) -> Result<Artwork, MediaError> {
        let path = path.as_ref();
        let io = |e| MediaError::io(path, "read", e);
        let data = std::fs::metadata(path).map_err(io)?;
        if data.is_dir() {
            return Err(MediaError::Folder { path: path.to_owned() });
        }
        if data.len() > MOST_BYTES {
            return Err(MediaError::unsupported(path, "a picture of more than 64 MiB", "save it smaller"));
        }
        Artwork::of_bytes(path, std::fs::read(path).map_err(io)?)
    }

    /// Reads a picture from bytes; `name` stands for it in messages.
    ///
    /// # Errors
    /// As [`Artwork::load`].
    pub fn of_bytes(name: &Path, file: Vec<u8>) -> Result<Artwork, MediaError> {
        if file.is_empty() {
            return Err(MediaError::Empty { path: name.to_owned() });
        }
        let failed = |error: ImageError| match error {
            ImageError::Limits(_) => {
                MediaError::unsupported(name, "a picture of more than 16384 pixels along a side", "save it smaller")
            }
            error => {
                MediaError::Damaged { path: name.to_owned(), place: "its pixels".into(), found: error.to_string() }
            }
        };
        let is_jpeg = file.starts_with(&[0xFF, 0xD8, 0xFF]);
        if is_jpeg {
            jpeg::check(name, &file)?;
        } else if !file.starts_with(b"\x89PNG\r\n\x1A\n") {
            let found = "neither a JPEG nor a PNG picture";
            return Err(MediaError::unsupported(name, found, "save the cover as JPEG or PNG"));
        }
        let cursor = Cursor::new(file.as_slice());
        let decoded = guarded(|| {
            if is_jpeg { JpegDecoder::new(cursor).and_then(decode) } else { PngDecoder::new(cursor).and_then(decode) }
        });
        let (pixels, profile, turned) = match decoded {
            Ok(decoded) => decoded.map_err(failed)?,
            Err(found) => return Err(MediaError::damaged(name, 0, found)),
        };
        if transparent(&pixels) {
            let remedy = "flatten it onto a background; covers have no transparency";
            return Err(MediaError::unsupported(name, "a picture with transparent parts", remedy));
        }
        let gray = !pixels.color().has_color();
        let pixels = match pixels.color() {
            ColorType::L16 | ColorType::La16 | ColorType::Rgb16 | ColorType::Rgba16 => pixels.into_rgb16().into(),
            _ => pixels.into_rgb8().into(),
        };
        Ok(Artwork { name: name.to_owned(), file, upright_jpeg: is_jpeg && !turned, pixels, gray, profile })
    }

    /// Width and height in pixels, upright.
    pub fn size(&self) -> (u32, u32) {
        (self.pixels.width(), self.pixels.height())
    }

    /// What a shop would refuse (errors) or show badly (warnings). Each names the file, what was found and the remedy.
    pub fn check(&self, rules: &ArtworkRules) -> Vec<Diagnostic> {
        let name = self.name.display();
        let (width, height) = self.size();
        let mut found = Vec::new();
        if rules.square && width != height {
            let message = format!("{name} is {width} × {height} pixels, not a square");
            found.push(Diagnostic::error("art-square", message).help("crop it, or put it on a square ground"));
        }
        let least = width.min(height);
        if least < rules.least_side {
            let message = format!("{name} is {width} × {height} pixels; shops ask for {} at least", rules.least_side);
            let help = "export it larger from its source; making it larger afterwards only blurs it";
            found.push(Diagnostic::error("art-size", message).help(help));
        }
        if self.file.len() as u64 > rules.most_bytes {
            let megabytes = |bytes: u64| bytes as f64 / 1e6;
            let message = format!(
                "{name} has {:.1} MB; shops take {:.1} MB",
                megabytes(self.file.len() as u64),
                megabytes(rules.most_bytes)
            );
            found.push(Diagnostic::error("art-bytes", message).help("save it as JPEG of quality 90"));
        }
        if self.gray {
            let message = format!("{name} is stored in shades of gray; shops ask for RGB");
            found.push(Diagnostic::warning("art-gray", message).help("save it as RGB; it may stay black and white"));
        }
        if self.profile.as_ref().is_some_and(|profile| !names_srgb(profile)) {
            let message = format!("{name} is in a color space other than sRGB; many players show it pale or garish");
            found.push(Diagnostic::warning("art-profile", message).help("convert it to sRGB"));
        }
        found
    }

    /// The picture as a front cover for a file: at most `longest` pixels along a side and at most `most_bytes`.
    ///
    /// A JPEG that is small enough already is embedded as it is. Otherwise it is made smaller (Lanczos, linear light),
    /// never larger, and encoded as JPEG of quality 92, or of as much less as the bytes ask for, down to 60. Its color
    /// profile goes with it.
    ///
    /// # Errors
    /// When even quality 60 takes more bytes; a smaller `longest` helps.
    pub fn embedded(&self, longest: u32, most_bytes: usize) -> Result<Embedded, MediaError> {
        let cover = |bytes| Embedded {
            kind: Embedded::FRONT_COVER,
            mime: "image/jpeg".into(),
            description: String::new(),
            bytes,
        };
        let (width, height) = self.size();
        let longest = longest.max(1);
        if self.upright_jpeg && !self.gray && width.max(height) <= longest && self.file.len() <= most_bytes {
            return Ok(cover(self.file.clone()));
        }
        let scale = (f64::from(longest) / f64::from(width.max(height))).min(1.0);
        let side = |pixels: u32| ((f64::from(pixels) * scale).round() as u32).max(1);
        let small = resize::smaller(&self.pixels, side(width), side(height));
        for quality in [92, 88, 84, 80, 75, 70, 65, 60] {
            let bytes = self.encode(&small, quality)?;
            if bytes.len() <= most_bytes {
                return Ok(cover(bytes));
            }
        }
        let found = format!(
            "a cover of {} × {} pixels takes more than {most_bytes} bytes even at quality 60; allow more, or fewer pixels",
            small.width(),
            small.height()
        );
        Err(MediaError::Refused { path: self.name.clone(), found })
    }

    fn encode(&self, picture: &image::RgbImage, quality: u8) -> Result<Vec<u8>, MediaError> {
        let mut out = Vec::new();
        let failed = |e: &dyn std::fmt::Display| MediaError::Refused { path: self.name.clone(), found: e.to_string() };
        let mut encoder = JpegEncoder::new_with_quality(&mut out, quality);
        if let Some(profile) = &self.profile {
            encoder.set_icc_profile(profile.clone()).map_err(|e| failed(&e))?;
        }
        encoder.encode_image(picture).map_err(|e| failed(&e))?;
        Ok(out)
    }
}

/// The pixels, turned upright, their color profile, and whether they had to be turned.
fn decode(mut decoder: impl ImageDecoder) -> Result<(DynamicImage, Option<Vec<u8>>, bool), ImageError> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_SIDE);
    limits.max_image_height = Some(MOST_SIDE);
    limits.max_alloc = Some(MOST_MEMORY);
    decoder.set_limits(limits)?;
    let orientation = decoder.orientation()?;
    let profile = decoder.icc_profile()?;
    let mut pixels = DynamicImage::from_decoder(decoder)?;
    pixels.apply_orientation(orientation);
    Ok((pixels, profile, orientation != image::metadata::Orientation::NoTransforms))
}

fn transparent(pixels: &DynamicImage) -> bool {
    match pixels {
        DynamicImage::ImageLumaA8(picture) => picture.pixels().any(|p| p.0[1] < u8::MAX),
        DynamicImage::ImageRgba8(picture) => picture.pixels().any(|p| p.0[3] < u8::MAX),
        DynamicImage::ImageLumaA16(picture) => picture.pixels().any(|p| p.0[1] < u16::MAX),
        DynamicImage::ImageRgba16(picture) => picture.pixels().any(|p| p.0[3] < u16::MAX),
        _ => false,
    }
}

/// Whether a profile calls itself sRGB, in ASCII or UTF-16.
fn names_srgb(profile: &[u8]) -> bool {
    let has = |name: &[u8]| profile.windows(name.len()).any(|window| window == name);
    has(b"sRGB") || has(b"\0s\0R\0G\0B")
}

#[cfg(test)]
mod tests;
