//! One sheet: from what `usvg` laid out to the operators of a page's content (ISO 32000-1, 8 and 9).

use pdf_writer::types::{LineCapStyle, LineJoinStyle, TextRenderingMode};
use pdf_writer::{Content, Finish, Name, Str, TextStr};
use resvg::usvg::tiny_skia_path::{Path as Outline, PathSegment, Transform};
use resvg::usvg::{self, ClipPath, FillRule, Group, ImageKind, LineCap, LineJoin, Node, Paint, PaintOrder, Text};

use super::image::Image;
use super::{Assets, LETTER, Used, named, note};
use crate::draw::{PaintError, faces};

/// Writes one sheet.
pub(super) struct Painter<'a> {
    assets: &'a mut Assets,
    used: Used,
    content: Content,
    /// Text is drawn as shapes: it is the picture of a letter, and is not to be read.
    outlined: bool,
}

/// A box that stands for a letter, in parts of the size: its height, how far it moves on, and where it stands against the
/// pen and above the base line. The same as where it is drawn.
const BOX_HEIGHT: f32 = 0.86;
const BOX_ADVANCE: f32 = 0.82;
const BOX_LEFT: f32 = 0.05;
const BOX_ABOVE: f32 = 0.79;

/// A ten-thousandth of a point is far below what any printer shows, and keeps numbers short.
fn short(value: f32) -> f32 {
    let rounded = (value * 1e4).round() / 1e4;
    // Minus nothing is written as nothing.
    if rounded == 0.0 { 0.0 } else { rounded }
}

fn refused(what: &str) -> PaintError {
    PaintError(format!("{what} is not known to the PDF writer"))
}

fn color(paint: &Paint) -> Result<[f32; 3], PaintError> {
    match paint {
        Paint::Color(c) => Ok([c.red, c.green, c.blue].map(|part| short(f32::from(part) / 255.0))),
        _ => Err(refused("a gradient or a pattern")),
    }
}

fn matrix(t: Transform) -> [f32; 6] {
    [t.sx, t.ky, t.kx, t.sy, t.tx, t.ty].map(|v| (v * 1e6).round() / 1e6)
}

impl<'a> Painter<'a> {
    /// An empty sheet. Drawings count from the top, paper from the bottom.
    pub(super) fn new(assets: &'a mut Assets, height: f32) -> Self {
        let mut content = Content::new();
        content.transform([1.0, 0.0, 0.0, -1.0, 0.0, short(height)]);
        Painter { assets, used: Used::default(), content, outlined: false }
    }

    /// Its operators, and what they use.
    pub(super) fn finish(self) -> (Vec<u8>, Used) {
        (self.content.finish().to_vec(), self.used)
    }

    pub(super) fn group(&mut self, group: &Group) -> Result<(), PaintError> {
        if group.opacity().get() < 1.0 || group.mask().is_some() || !group.filters().is_empty() {
            return Err(refused("a group with an opacity, a mask or a filter"));
        }
        let letter = group.id().strip_prefix(LETTER).and_then(|id| id.split('-').next());
        let letter = letter.and_then(|hex| char::from_u32(u32::from_str_radix(hex, 16).ok()?));
        if let Some(letter) = letter {
            self.unseen(group.bounding_box(), letter)?;
            self.outlined = true;
        }
        self.content.save_state();
        if !group.transform().is_identity() {
            self.content.transform(matrix(group.transform()));
        }
        if let Some(clip) = group.clip_path() {
            self.clip(clip)?;
        }
        for child in group.children() {
            match child {
                Node::Group(group) => self.group(group)?,
                Node::Path(path) => self.path(path)?,
                Node::Image(image) => self.image(image)?,
                Node::Text(text) if self.outlined => self.group(text.flattened())?,
                Node::Text(text) => self.text(text)?,
            }
        }
        self.content.restore_state();
        self.outlined &= letter.is_none();
        Ok(())
    }

    /// A letter that no typeface has, unseen at the place of the box that is seen for it, so that it is found and copied.
    fn unseen(&mut self, seen: usvg::Rect, letter: char) -> Result<(), PaintError> {
        let face = faces().faces().next().ok_or_else(|| refused("text without a typeface"))?;
        let font = self.assets.fonts.place(face.id)?;
        note(&mut self.used.fonts, font);
        let (glyph, wide) = (self.assets.fonts.glyph(font, 0, ""), self.assets.fonts.advance(font, 0));
        // The size of the letters around it, from the box's height; boxes follow each other without a gap, so that they
        // are one word.
        let size = seen.height() / BOX_HEIGHT;
        let content = self.content.save_state().begin_text();
        content.set_text_rendering_mode(TextRenderingMode::Invisible).set_font(Name(&named('F', font)), short(size));
        content.set_horizontal_scaling(short(BOX_ADVANCE * 100_000.0 / wide.max(1.0)));
        let (x, y) = (seen.x() - BOX_LEFT * size, seen.y() + BOX_ABOVE * size);
        content.set_text_matrix([1.0, 0.0, 0.0, -1.0, short(x), short(y)]);
        // Marked while the typeface is set: readers take the height of what is meant from it.
        let mut mark = content.begin_marked_content_with_properties(Name(b"Span"));
        mark.properties().actual_text(TextStr(letter.encode_utf8(&mut [0; 4])));
        mark.finish();
        self.content.show(Str(&glyph.to_be_bytes())).end_marked_content().end_text().restore_state();
        Ok(())
    }

    fn clip(&mut self, clip: &ClipPath) -> Result<(), PaintError> {
        if let Some(outer) = clip.clip_path() {
            self.clip(outer)?;
        }
        self.outlines(clip.root(), clip.transform())?;
        self.content.clip_nonzero().end_path();
        Ok(())
    }

    /// All shapes of a group as one path.
    fn outlines(&mut self, group: &Group, transform: Transform) -> Result<(), PaintError> {
        let transform = transform.pre_concat(group.transform());
        for child in group.children() {
            match child {
                Node::Group(group) => self.outlines(group, transform)?,
                Node::Path(path) => {
                    let outline = path.data().clone().transform(transform);
                    self.outline(&outline.ok_or_else(|| refused("a shape without an extent"))?);
                }
                Node::Image(_) | Node::Text(_) => return Err(refused("clipping by a picture or by text")),
            }
        }
        Ok(())
    }

    fn outline(&mut self, outline: &Outline) {
        let content = &mut self.content;
        let (mut at, mut begin) = ((0.0, 0.0), (0.0, 0.0));
        for segment in outline.segments() {
            match segment {
                PathSegment::MoveTo(p) => {
                    content.move_to(short(p.x), short(p.y));
                    (at, begin) = ((p.x, p.y), (p.x, p.y));
                }
                PathSegment::LineTo(p) => {
                    content.line_to(short(p.x), short(p.y));
                    at = (p.x, p.y);
                }
                PathSegment::QuadTo(c, p) => {
                    // The same curve with two control points.
                    let toward = |from: f32, control: f32| short(from + (control - from) * 2.0 / 3.0);
                    let (x1, y1) = (toward(at.0, c.x), toward(at.1, c.y));
                    let (x2, y2) = (toward(p.x, c.x), toward(p.y, c.y));
                    content.cubic_to(x1, y1, x2, y2, short(p.x), short(p.y));
                    at = (p.x, p.y);
                }
                PathSegment::CubicTo(a, b, p) => {
                    content.cubic_to(short(a.x), short(a.y), short(b.x), short(b.y), short(p.x), short(p.y));
                    at = (p.x, p.y);
                }
                PathSegment::Close => {
                    content.close_path();
                    at = begin;
                }
            }
        }
    }

    fn opacity(&mut self, fill: f32, stroke: f32) {
        let thousandths = |part: f32| (part * 1000.0).round() as u16;
        let wanted = (thousandths(fill), thousandths(stroke));
        if wanted == (1000, 1000) {
            return;
        }
        let all = &mut self.assets.opacities;
        let place = all.iter().position(|known| *known == wanted).unwrap_or_else(|| {
            all.push(wanted);
            all.len() - 1
        });
        note(&mut self.used.opacities, place);
        self.content.set_parameters(Name(&named('G', place)));
    }

    fn path(&mut self, path: &usvg::Path) -> Result<(), PaintError> {
        let (fill, stroke) = (path.fill(), path.stroke());
        if !path.is_visible() || (fill.is_none() && stroke.is_none()) {
            return Ok(());
        }
        if fill.is_some() && stroke.is_some() && path.paint_order() == PaintOrder::StrokeAndFill {
            return Err(refused("a stroke below its fill"));
        }
        self.content.save_state();
        self.opacity(fill.map_or(1.0, |f| f.opacity().get()), stroke.map_or(1.0, |s| s.opacity().get()));
        if let Some(fill) = fill {
            let [red, green, blue] = color(fill.paint())?;
            self.content.set_fill_rgb(red, green, blue);
        }
        if let Some(stroke) = stroke {
            let [red, green, blue] = color(stroke.paint())?;
            let content = &mut self.content;
            content.set_stroke_rgb(red, green, blue).set_line_width(short(stroke.width().get()));
            content.set_line_cap(match stroke.linecap() {
                LineCap::Butt => LineCapStyle::ButtCap,
                LineCap::Round => LineCapStyle::RoundCap,
                LineCap::Square => LineCapStyle::ProjectingSquareCap,
            });
            content.set_line_join(match stroke.linejoin() {
                LineJoin::Miter | LineJoin::MiterClip => LineJoinStyle::MiterJoin,
                LineJoin::Round => LineJoinStyle::RoundJoin,
                LineJoin::Bevel => LineJoinStyle::BevelJoin,
            });
            content.set_miter_limit(stroke.miterlimit().get());
            if let Some(dashes) = stroke.dasharray() {
                content.set_dash_pattern(dashes.iter().copied().map(short), short(stroke.dashoffset()));
            }
        }
        self.outline(path.data());
        let even_odd = fill.is_some_and(|f| f.rule() == FillRule::EvenOdd);
        match (fill.is_some(), stroke.is_some(), even_odd) {
            (true, true, false) => self.content.fill_nonzero_and_stroke(),
            (true, true, true) => self.content.fill_even_odd_and_stroke(),
            (true, false, false) => self.content.fill_nonzero(),
            (true, false, true) => self.content.fill_even_odd(),
            (false, ..) => self.content.stroke(),
        };
        self.content.restore_state();
        Ok(())
    }

    fn image(&mut self, image: &usvg::Image) -> Result<(), PaintError> {
        let ImageKind::PNG(png) = image.kind() else { return Err(refused("a picture that is not a PNG")) };
        let place = self.assets.images.len();
        self.assets.images.push(Image::decode(png)?);
        note(&mut self.used.images, place);
        let (width, height) = (image.size().width(), image.size().height());
        self.content.save_state().transform([width, 0.0, 0.0, -height, 0.0, height]);
        self.content.x_object(Name(&named('I', place))).restore_state();
        Ok(())
    }

    fn text(&mut self, text: &Text) -> Result<(), PaintError> {
        for span in text.layouted().iter().filter(|span| span.visible) {
            for line in [&span.underline, &span.overline].into_iter().flatten() {
                self.path(line)?;
            }
            if span.stroke.is_some() {
                return Err(refused("outlined text"));
            }
            let Some(fill) = &span.fill else { continue };
            let [red, green, blue] = color(fill.paint())?;
            self.content.save_state();
            self.opacity(fill.opacity().get(), 1.0);
            self.content.set_fill_rgb(red, green, blue).begin_text();
            let mut glyphs = span.positioned_glyphs.as_slice();
            while !glyphs.is_empty() {
                let taken = self.run(glyphs)?;
                glyphs = &glyphs[taken..];
            }
            self.content.end_text().restore_state();
            if let Some(line) = &span.line_through {
                self.path(line)?;
            }
        }
        Ok(())
    }

    /// Glyphs of one typeface on one line, as many as there are from the beginning; how many.
    fn run(&mut self, glyphs: &[usvg::layout::PositionedGlyph]) -> Result<usize, PaintError> {
        let Some(first) = glyphs.first() else { return Ok(0) };
        if first.id.0 == 0 {
            // The typeface's own sign for what it lacks; it is copied as what it stands for.
            let mut mark = self.content.begin_marked_content_with_properties(Name(b"Span"));
            mark.properties().actual_text(TextStr(&first.text));
        }
        let font = self.assets.fonts.place(first.font)?;
        note(&mut self.used.fonts, font);
        let (begin, size) = (first.outline_transform(), first.font_size());
        let plain = begin.kx == 0.0 && begin.ky == 0.0;
        let on_line = |glyph: &&usvg::layout::PositionedGlyph| {
            let at = glyph.outline_transform();
            let same = (at.sx, at.ky, at.kx, at.sy, at.ty) == (begin.sx, begin.ky, begin.kx, begin.sy, begin.ty);
            glyph.font == first.font && plain && same && glyph.id.0 != 0
        };
        let taken = glyphs.iter().take_while(on_line).count().max(1);
        let fonts = &mut self.assets.fonts;
        let em = fonts.units_per_em(font);
        self.content.set_font(Name(&named('F', font)), short(size));
        let unit = em / size;
        let t = matrix(begin.pre_scale(unit, unit));
        self.content.set_text_matrix(t);
        let mut positioned = self.content.show_positioned();
        let mut items = positioned.items();
        let (mut pending, mut pen) = (Vec::new(), begin.tx);
        for glyph in &glyphs[..taken] {
            let at = glyph.outline_transform().tx;
            // Where it should be against where the widths alone would bring it, in thousandths of the size.
            let off = if plain { (pen - at) * 1000.0 / (size * t[0]) } else { 0.0 };
            if off.abs() >= 0.5 {
                if !pending.is_empty() {
                    items.show(Str(&pending));
                    pending.clear();
                }
                items.adjust(off.round());
                pen -= off.round() * size * t[0] / 1000.0;
            }
            let known = fonts.glyph(font, glyph.id.0, if glyph.id.0 == 0 { "" } else { &glyph.text });
            pending.extend(known.to_be_bytes());
            pen += fonts.advance(font, glyph.id.0) * size * t[0] / 1000.0;
        }
        if !pending.is_empty() {
            items.show(Str(&pending));
        }
        items.finish();
        positioned.finish();
        if first.id.0 == 0 {
            self.content.end_marked_content();
        }
        Ok(taken)
    }
}
