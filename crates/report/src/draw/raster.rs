//! SVG to PNG, with the typeface that the program carries.

use std::sync::{Arc, LazyLock};

use resvg::{tiny_skia, usvg};

/// The typeface of pages and pictures: Inter, a subset of Latin, Greek and Cyrillic (`fonts/OFL.txt`).
pub const REGULAR: &[u8] = include_bytes!("../../fonts/Inter-Regular.otf");
/// The same, half bold.
pub const SEMIBOLD: &[u8] = include_bytes!("../../fonts/Inter-SemiBold.otf");

/// No fonts of the machine: the same picture everywhere.
static FONTS: LazyLock<Arc<usvg::fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = usvg::fontdb::Database::new();
    fonts.load_font_data(REGULAR.to_vec());
    fonts.load_font_data(SEMIBOLD.to_vec());
    fonts.set_sans_serif_family("Inter");
    Arc::new(fonts)
});

/// The typefaces that there are.
pub(crate) fn faces() -> &'static usvg::fontdb::Database {
    &FONTS
}

/// Why a picture could not be painted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the picture cannot be painted: {0}")]
pub struct PaintError(pub(crate) String);

/// A drawing as what is to be painted: every text laid out, every shape in its place.
pub(crate) fn tree(svg: &str) -> Result<usvg::Tree, PaintError> {
    let options = usvg::Options { font_family: "Inter".into(), fontdb: Arc::clone(&FONTS), ..Default::default() };
    usvg::Tree::from_str(svg, &options).map_err(|error| PaintError(error.to_string()))
}

/// Paints an SVG at `scale` pixels per unit.
pub fn png(svg: &str, scale: f32) -> Result<Vec<u8>, PaintError> {
    let tree = tree(svg)?;
    let side = |units: f32| (units * scale).ceil().max(1.0) as u32;
    let size = tree.size();
    let pixmap = tiny_skia::Pixmap::new(side(size.width()), side(size.height()));
    let mut pixmap = pixmap.ok_or_else(|| PaintError("it is too large".into()))?;
    resvg::render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    pixmap.encode_png().map_err(|error| PaintError(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::png;

    fn pixels(svg: &str) -> (u32, u32, Vec<u8>) {
        let png = png(svg, 2.0).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        (info.width, info.height, pixels)
    }

    #[test]
    fn type_is_painted_without_any_font_of_the_machine() {
        let with = |text: &str| {
            let svg = format!(
                r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 20"><text y="15" fill="#fff">{text}</text></svg>"##
            );
            let (width, height, pixels) = pixels(&svg);
            assert_eq!((width, height), (120, 40));
            pixels.chunks_exact(4).filter(|rgba| rgba[3] > 128).count()
        };
        assert_eq!(with(""), 0);
        for text in ["−14.2", "кик", "Größe", "dBTP"] {
            assert!(with(text) > 100, "{text}: {}", with(text));
        }
    }

    #[test]
    fn what_is_no_picture_is_an_error() {
        assert!(png("<svg", 1.0).is_err());
    }
}
