//! Typefaces in a document: only the letters that are used, with what they mean, so that they can be searched and copied
//! (ISO 32000-1, 9.7 and 9.10.3).

use std::collections::BTreeMap;

use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Filter, Finish, Name, Pdf, Rect, Ref, Str};
use resvg::usvg::fontdb::ID;
use rustybuzz::ttf_parser::{Face, GlyphId, RawFace, Tag, name_id};
use subsetter::GlyphRemapper;

use super::{Numbers, packed};
use crate::draw::{PaintError, faces};

const IDENTITY: SystemInfo<'static> = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// The typefaces of a document, in the order of their first letters.
#[derive(Default)]
pub(super) struct Fonts(Vec<Font>);

struct Font {
    id: ID,
    data: Vec<u8>,
    index: u32,
    units_per_em: f32,
    /// From the typeface's numbers of glyphs to the document's.
    glyphs: GlyphRemapper,
    /// What each of the document's glyphs means.
    meaning: BTreeMap<u16, String>,
    /// In thousandths of the size, by the typeface's number.
    advances: BTreeMap<u16, f32>,
}

impl Fonts {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The place of a typeface; it is added when it is new.
    pub(super) fn place(&mut self, id: ID) -> Result<usize, PaintError> {
        if let Some(place) = self.0.iter().position(|font| font.id == id) {
            return Ok(place);
        }
        let broken = || PaintError("a typeface in it cannot be read".into());
        let (data, index) = faces().with_face_data(id, |data, index| (data.to_vec(), index)).ok_or_else(broken)?;
        let units_per_em = f32::from(Face::parse(&data, index).map_err(|_| broken())?.units_per_em());
        let (glyphs, meaning, advances) = (GlyphRemapper::new(), BTreeMap::new(), BTreeMap::new());
        self.0.push(Font { id, data, index, units_per_em, glyphs, meaning, advances });
        Ok(self.0.len() - 1)
    }

    pub(super) fn units_per_em(&self, font: usize) -> f32 {
        self.0[font].units_per_em
    }

    /// The document's number of a glyph that stands for `text`.
    pub(super) fn glyph(&mut self, font: usize, glyph: u16, text: &str) -> u16 {
        let font = &mut self.0[font];
        let known = font.glyphs.remap(glyph);
        if !text.is_empty() {
            // A space that does not break is found by who looks for a space.
            font.meaning.entry(known).or_insert_with(|| text.replace('\u{a0}', " "));
        }
        known
    }

    /// How far a glyph moves on, in thousandths of the size.
    pub(super) fn advance(&mut self, font: usize, glyph: u16) -> f32 {
        let font = &mut self.0[font];
        if let Some(known) = font.advances.get(&glyph) {
            return *known;
        }
        let face = Face::parse(&font.data, font.index).ok();
        let units = face.and_then(|face| face.glyph_hor_advance(GlyphId(glyph))).unwrap_or(0);
        let advance = (f32::from(units) * 1000.0 / font.units_per_em).round();
        font.advances.insert(glyph, advance);
        advance
    }

    pub(super) fn write(&self, out: &mut Pdf, numbers: &mut Numbers, ids: &[Ref]) -> Result<(), PaintError> {
        for (font, id) in self.0.iter().zip(ids) {
            font.write(out, numbers, *id)?;
        }
        Ok(())
    }
}

impl Font {
    fn write(&self, out: &mut Pdf, numbers: &mut Numbers, id: Ref) -> Result<(), PaintError> {
        let broken = |why: String| PaintError(format!("a typeface in it cannot be embedded ({why})"));
        let face = Face::parse(&self.data, self.index).map_err(|e| broken(e.to_string()))?;
        let subset = subsetter::subset(&self.data, self.index, &self.glyphs).map_err(|e| broken(e.to_string()))?;
        // Outlines of PostScript's kind are embedded bare, of TrueType's kind with the tables around them.
        let table = RawFace::parse(&subset, 0).ok().and_then(|raw| raw.table(Tag::from_bytes(b"CFF ")));
        let name = self.name(&face);
        let [cid, descriptor, meaning, file] = [(); 4].map(|()| numbers.next());
        let base = Name(name.as_bytes());
        let mut whole = out.type0_font(id);
        whole.base_font(base).encoding_predefined(Name(b"Identity-H")).descendant_font(cid).to_unicode(meaning);
        whole.finish();

        let mut writer = out.cid_font(cid);
        let kind = if table.is_some() { CidFontType::Type0 } else { CidFontType::Type2 };
        writer.subtype(kind).base_font(base).system_info(IDENTITY).font_descriptor(descriptor).default_width(0.0);
        if table.is_none() {
            writer.cid_to_gid_map_predefined(Name(b"Identity"));
        }
        let unit = 1000.0 / self.units_per_em;
        let of = |glyph: u16| f32::from(face.glyph_hor_advance(GlyphId(glyph)).unwrap_or(0));
        let widths: Vec<f32> = self.glyphs.remapped_gids().map(|glyph| (of(glyph) * unit).round()).collect();
        writer.widths().consecutive(0, widths);
        writer.finish();

        let part = |units: i16| (f32::from(units) * unit).round();
        let extent = face.global_bounding_box();
        let mut writer = out.font_descriptor(descriptor);
        let corners = [extent.x_min, extent.y_min, extent.x_max, extent.y_max].map(part);
        writer.name(base).flags(FontFlags::SYMBOLIC).bbox(Rect::new(corners[0], corners[1], corners[2], corners[3]));
        writer.italic_angle(0.0).ascent(part(face.ascender())).descent(part(face.descender()));
        writer.cap_height(part(face.capital_height().unwrap_or(face.ascender())));
        // The stems' width stands in no table; this is the usual estimate from the weight.
        writer.stem_v(10.0 + 0.244 * (f32::from(face.weight().to_number()) - 50.0));
        if table.is_some() {
            writer.font_file3(file);
        } else {
            writer.font_file2(file);
        }
        writer.finish();
        let bytes = table.unwrap_or(&subset);
        let packed_bytes = packed(bytes);
        let mut stream = out.stream(file, &packed_bytes);
        stream.filter(Filter::FlateDecode);
        if table.is_some() {
            stream.pair(Name(b"Subtype"), Name(b"CIDFontType0C"));
        } else {
            stream.pair(Name(b"Length1"), bytes.len() as i32);
        }
        stream.finish();

        let mut map = UnicodeCmap::new(Name(b"Letters"), IDENTITY);
        for (glyph, text) in &self.meaning {
            map.pair_with_multiple(*glyph, text.chars());
        }
        out.cmap(meaning, &packed(&map.finish())).filter(Filter::FlateDecode);
        Ok(())
    }

    /// `ABCDEF+Inter-Regular`: six letters that follow from the glyphs that are in it.
    fn name(&self, face: &Face<'_>) -> String {
        let of_face = face.names().into_iter().find(|name| name.name_id == name_id::POST_SCRIPT_NAME);
        let of_face = of_face.and_then(|name| name.to_string()).unwrap_or_else(|| "Typeface".into());
        let of_face: String = of_face.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        // FNV-1a: short, and the same everywhere.
        let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        let glyphs = self.glyphs.remapped_gids().flat_map(u16::to_be_bytes);
        let mut hash = glyphs.fold(0xCBF2_9CE4_8422_2325, mix);
        let mut tag = String::new();
        for _ in 0..6 {
            tag.push(char::from(b'A' + (hash % 26) as u8));
            hash /= 26;
        }
        format!("{tag}+{of_face}")
    }
}
