//! A small vocabulary for drawing what was measured: SVG from strings, PNG from SVG.
//!
//! A [`Plot`] is a picture; [`Plot::field`] opens a field with two [`Axis`], and lines, areas, stems and heat maps are
//! drawn in the field's own units. Colors come from a [`Theme`]: the same drawing is a file in the [`DARK`] or a figure in
//! a page that is dark or light as its reader wishes ([`PAGE`]).

mod axis;
mod heat;
mod plot;
mod raster;
mod theme;

pub use axis::Axis;
pub use heat::{Heat, ember};
pub use plot::{FONTS, Field, Mark, Plot, Rect};
pub use raster::{PaintError, REGULAR, SEMIBOLD, png};
pub(crate) use raster::{faces, tree};
pub use theme::{DARK, Ink, LIGHT, PAGE, Theme};
