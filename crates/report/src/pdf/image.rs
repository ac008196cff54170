//! Pictures of points: heat maps. Their colors and their opacity are two images (ISO 32000-1, 8.9.5 and 11.6.5.3).

use std::io::Cursor;

use pdf_writer::{Filter, Finish, Name, Pdf, Ref};

use super::{Numbers, packed};
use crate::draw::PaintError;

/// A picture, taken apart.
pub(super) struct Image {
    width: u32,
    height: u32,
    /// Red, green, blue, packed.
    colors: Vec<u8>,
    /// Packed; none where all is opaque.
    opacity: Option<Vec<u8>>,
}

impl Image {
    /// From a PNG of any kind.
    pub(super) fn decode(png: &[u8]) -> Result<Self, PaintError> {
        let broken = |error: png::DecodingError| PaintError(format!("a picture in it is broken ({error})"));
        let mut decoder = png::Decoder::new(Cursor::new(png));
        decoder.set_transformations(png::Transformations::normalize_to_color8());
        let mut reader = decoder.read_info().map_err(broken)?;
        let size = reader.output_buffer_size().ok_or_else(|| PaintError("a picture in it is too large".into()))?;
        let mut points = vec![0; size];
        let info = reader.next_frame(&mut points).map_err(broken)?;
        let samples = info.color_type.samples();
        let mut colors = Vec::with_capacity(points.len());
        let mut opacity = Vec::new();
        for point in points[..info.buffer_size()].chunks_exact(samples) {
            match *point {
                [gray] => colors.extend([gray; 3]),
                [gray, alpha] => {
                    colors.extend([gray; 3]);
                    opacity.push(alpha);
                }
                [red, green, blue] => colors.extend([red, green, blue]),
                [red, green, blue, alpha] => {
                    colors.extend([red, green, blue]);
                    opacity.push(alpha);
                }
                _ => {}
            }
        }
        let opaque = opacity.iter().all(|alpha| *alpha == 255);
        Ok(Image {
            width: info.width,
            height: info.height,
            colors: packed(&colors),
            opacity: (!opaque).then(|| packed(&opacity)),
        })
    }

    pub(super) fn write(&self, out: &mut Pdf, numbers: &mut Numbers, id: Ref) {
        let size = [self.width as i32, self.height as i32];
        let mask = self.opacity.as_ref().map(|opacity| (numbers.next(), opacity));
        let mut image = out.image_xobject(id, &self.colors);
        image.filter(Filter::FlateDecode);
        image.width(size[0]).height(size[1]).bits_per_component(8).interpolate(true);
        image.color_space_name(Name(b"DeviceRGB"));
        if let Some((mask, _)) = &mask {
            image.s_mask(*mask);
        }
        image.finish();
        if let Some((id, opacity)) = mask {
            let mut image = out.image_xobject(id, opacity);
            image.filter(Filter::FlateDecode);
            image.width(size[0]).height(size[1]).bits_per_component(8).interpolate(true);
            image.color_space_name(Name(b"DeviceGray"));
        }
    }
}
