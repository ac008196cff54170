//! Heat maps: numbers in rows and columns as a small PNG with a palette.

use crate::text::base64;

/// A map of colors, one per value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heat {
    png: Vec<u8>,
}

/// Colors from little to much, even to the eye and the same to color-blind eyes (after cividis and magma: dark blue over
/// gray violet to warm white), as red, green, blue.
const EMBER: [[u8; 3]; 9] = [
    [13, 15, 20],
    [22, 27, 58],
    [43, 45, 102],
    [84, 58, 128],
    [134, 72, 134],
    [186, 90, 122],
    [228, 122, 98],
    [247, 174, 104],
    [255, 240, 196],
];

/// The color of a value from 0 to 1.
pub fn ember(part: f64) -> [u8; 3] {
    let place = part.clamp(0.0, 1.0) * (EMBER.len() - 1) as f64;
    let below = (place as usize).min(EMBER.len() - 2);
    let between = place - below as f64;
    let mix = |a: u8, b: u8| (f64::from(a) + (f64::from(b) - f64::from(a)) * between).round() as u8;
    [0, 1, 2].map(|k| mix(EMBER[below][k], EMBER[below + 1][k]))
}

impl Heat {
    /// `columns` by `rows` values from 0 to 1, row by row from the top. What is no number is 0.
    ///
    /// # Panics
    /// When there are not just so many values: a fault of the caller.
    pub fn new(columns: usize, rows: usize, values: &[f32]) -> Self {
        // 64 shades: more cannot be told apart, and fewer pack better.
        let shade = |value: &f32| (value.clamp(0.0, 1.0) * 63.0).round() as u8;
        let palette: Vec<u8> = (0..64).flat_map(|n| ember(f64::from(n) / 63.0)).collect();
        Heat::of_palette(columns, rows, &palette, None, &values.iter().map(shade).collect::<Vec<_>>())
    }

    /// One color whose opacity is the value: a cloud over any ground.
    ///
    /// # Panics
    /// When there are not just so many values: a fault of the caller.
    pub fn cloud(columns: usize, rows: usize, values: &[f32], [red, green, blue]: [u8; 3]) -> Self {
        let shade = |value: &f32| (value.clamp(0.0, 1.0) * 63.0).round() as u8;
        let palette: Vec<u8> = (0..64).flat_map(|_| [red, green, blue]).collect();
        let opacity: Vec<u8> = (0..64).map(|n| (n * 255 / 63) as u8).collect();
        Heat::of_palette(columns, rows, &palette, Some(&opacity), &values.iter().map(shade).collect::<Vec<_>>())
    }

    fn of_palette(columns: usize, rows: usize, palette: &[u8], opacity: Option<&[u8]>, shades: &[u8]) -> Self {
        assert_eq!(columns * rows, shades.len(), "one value for each place");
        let mut png = Vec::new();
        if columns > 0 && rows > 0 {
            let mut encoder = png::Encoder::new(&mut png, columns as u32, rows as u32);
            encoder.set_color(png::ColorType::Indexed);
            encoder.set_depth(png::BitDepth::Eight);
            encoder.set_palette(palette.to_vec());
            if let Some(opacity) = opacity {
                encoder.set_trns(opacity.to_vec());
            }
            encoder.set_compression(png::Compression::High);
            encoder.set_filter(png::Filter::NoFilter);
            // Writing to memory does not fail.
            let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(shades));
            debug_assert!(written.is_ok(), "{written:?}");
        }
        Heat { png }
    }

    /// The picture as a PNG; empty when it has no rows or no columns.
    pub fn png(&self) -> &[u8] {
        &self.png
    }

    /// As the address of an image that carries the image itself.
    pub fn href(&self) -> String {
        format!("data:image/png;base64,{}", base64(&self.png))
    }
}

#[cfg(test)]
mod tests {
    use super::{Heat, ember};

    #[test]
    fn brighter_is_more() {
        let light = |part: f64| {
            let [r, g, b] = ember(part).map(f64::from);
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        for step in 1..=100 {
            let part = f64::from(step) / 100.0;
            assert!(light(part) >= light(part - 0.01), "{part}");
        }
    }

    #[test]
    fn a_map_is_a_png_of_its_size() {
        let heat = Heat::new(3, 2, &[0.0, 0.5, 1.0, f32::NAN, -1.0, 2.0]);
        let reader = png::Decoder::new(std::io::Cursor::new(heat.png())).read_info().unwrap();
        assert_eq!((reader.info().width, reader.info().height), (3, 2));
        assert!(heat.href().starts_with("data:image/png;base64,iVBOR"));
        assert_eq!(Heat::new(0, 5, &[]).png(), []);
    }
}
