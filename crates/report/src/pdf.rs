//! PDF from drawings: sheets of SVG in, a document out whose text is text and whose lines are lines.
//!
//! `usvg` lays a sheet out (the same layout that [`crate::draw::png`] paints), `pdf-writer` writes it down. Only the part of
//! SVG that [`crate::draw`] uses is known here; anything else (a gradient, a mask, a filter) is refused instead of left out.
//! The letters that are used are embedded, and nothing of a clock or a machine: the same sheets give the same bytes.
//!
//! After ISO 32000-1:2008, PDF 1.7.

mod font;
mod image;
mod paint;

use miniz_oxide::deflate::compress_to_vec_zlib;
use pdf_writer::types::PageMode;
use pdf_writer::{Filter, Finish, Name, Pdf, Rect, Ref, TextStr};

use crate::draw::{PaintError, tree};
use font::Fonts;
use image::Image;
use paint::Painter;

/// One side of paper.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sheet {
    /// Its width in points of 1/72 inch.
    pub width: f64,
    /// Its height.
    pub height: f64,
    /// What is drawn on it: one SVG whose units are points.
    pub svg: String,
}

/// An entry of the table of contents that a reader shows beside the sheets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bookmark {
    /// What it says.
    pub title: String,
    /// On which sheet, from 0.
    pub sheet: usize,
    /// How far from the top, in points.
    pub top: u32,
}

/// What a document says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Its title.
    pub title: String,
    /// What it tells, in a line.
    pub subject: String,
}

/// The name that letters carry that no typeface here can show: `letter-9F8D-3`. What is drawn inside such a group stands for
/// that letter, and is found and copied as the letter.
pub(crate) const LETTER: &str = "letter-";

/// What sheets use together.
#[derive(Default)]
struct Assets {
    fonts: Fonts,
    images: Vec<Image>,
    /// Opacities of fill and stroke, in thousandths.
    opacities: Vec<(u16, u16)>,
}

/// What one sheet uses, as places in [`Assets`].
#[derive(Default)]
struct Used {
    fonts: Vec<usize>,
    images: Vec<usize>,
    opacities: Vec<usize>,
}

fn note(list: &mut Vec<usize>, place: usize) -> usize {
    if let Err(at) = list.binary_search(&place) {
        list.insert(at, place);
    }
    place
}

/// Numbers for objects, in order.
struct Numbers(i32);

impl Numbers {
    fn next(&mut self) -> Ref {
        self.0 += 1;
        Ref::new(self.0)
    }

    fn many(&mut self, n: usize) -> Vec<Ref> {
        (0..n).map(|_| self.next()).collect()
    }
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec_zlib(bytes, 9)
}

fn named(letter: char, n: usize) -> Vec<u8> {
    format!("{letter}{n}").into_bytes()
}

/// The sheets as one document.
pub fn pdf(sheets: &[Sheet], bookmarks: &[Bookmark], about: &About) -> Result<Vec<u8>, PaintError> {
    let mut assets = Assets::default();
    let mut painted = Vec::new();
    for sheet in sheets {
        let tree = tree(&sheet.svg)?;
        let mut painter = Painter::new(&mut assets, sheet.height as f32);
        painter.group(tree.root())?;
        painted.push(painter.finish());
    }
    let mut numbers = Numbers(0);
    let [catalog, pages, info] = [numbers.next(), numbers.next(), numbers.next()];
    let page_ids = numbers.many(sheets.len());
    let content_ids = numbers.many(sheets.len());
    let font_ids = numbers.many(assets.fonts.len());
    let image_ids = numbers.many(assets.images.len());
    let opacity_ids = numbers.many(assets.opacities.len());

    let mut out = Pdf::new();
    out.set_version(1, 7);
    out.set_binary_marker(&[0xE2, 0xE3, 0xCF, 0xD3]);
    let mut writer = out.document_info(info);
    writer.title(TextStr(&about.title)).subject(TextStr(&about.subject));
    writer.creator(TextStr("Tonmeister")).producer(TextStr("Tonmeister"));
    writer.finish();
    let outline = bookmark(&mut out, &mut numbers, bookmarks, &page_ids, sheets);
    let mut writer = out.catalog(catalog);
    writer.pages(pages).lang(TextStr("en"));
    writer.viewer_preferences().display_doc_title(true);
    if let Some(outline) = outline {
        writer.outlines(outline).page_mode(PageMode::UseOutlines);
    }
    writer.finish();
    out.pages(pages).kids(page_ids.iter().copied()).count(page_ids.len() as i32);
    for (n, (sheet, (content, used))) in sheets.iter().zip(&painted).enumerate() {
        let mut page = out.page(page_ids[n]);
        page.parent(pages).contents(content_ids[n]);
        page.media_box(Rect::new(0.0, 0.0, sheet.width as f32, sheet.height as f32));
        let mut resources = page.resources();
        let mut dictionary = resources.fonts();
        for place in &used.fonts {
            dictionary.pair(Name(&named('F', *place)), font_ids[*place]);
        }
        dictionary.finish();
        let mut dictionary = resources.x_objects();
        for place in &used.images {
            dictionary.pair(Name(&named('I', *place)), image_ids[*place]);
        }
        dictionary.finish();
        let mut dictionary = resources.ext_g_states();
        for place in &used.opacities {
            dictionary.pair(Name(&named('G', *place)), opacity_ids[*place]);
        }
        dictionary.finish();
        resources.finish();
        page.finish();
        out.stream(content_ids[n], &packed(content)).filter(Filter::FlateDecode);
    }
    assets.fonts.write(&mut out, &mut numbers, &font_ids)?;
    for (image, id) in assets.images.iter().zip(&image_ids) {
        image.write(&mut out, &mut numbers, *id);
    }
    for ((fill, stroke), id) in assets.opacities.iter().zip(&opacity_ids) {
        let part = |thousandths: u16| f32::from(thousandths) / 1000.0;
        out.ext_graphics(*id).non_stroking_alpha(part(*fill)).stroking_alpha(part(*stroke));
    }
    Ok(out.finish())
}

/// The table of contents; nothing where there is none.
fn bookmark(
    out: &mut Pdf,
    numbers: &mut Numbers,
    bookmarks: &[Bookmark],
    pages: &[Ref],
    sheets: &[Sheet],
) -> Option<Ref> {
    let bookmarks: Vec<&Bookmark> = bookmarks.iter().filter(|b| b.sheet < pages.len()).collect();
    if bookmarks.is_empty() {
        return None;
    }
    let root = numbers.next();
    let ids = numbers.many(bookmarks.len());
    out.outline(root).first(ids[0]).last(ids[ids.len() - 1]).count(ids.len() as i32);
    for (n, bookmark) in bookmarks.iter().enumerate() {
        let mut item = out.outline_item(ids[n]);
        item.title(TextStr(&bookmark.title)).parent(root);
        if n > 0 {
            item.prev(ids[n - 1]);
        }
        if let Some(next) = ids.get(n + 1) {
            item.next(*next);
        }
        let top = sheets[bookmark.sheet].height - f64::from(bookmark.top);
        item.dest().page(pages[bookmark.sheet]).xyz(0.0, top as f32, None);
    }
    Some(root)
}
