//! A page: sections with words, tables and figures. As HTML it is one file that needs nothing beside it, as PDF it is laid
//! out for paper; both are made from the same parts, so that what stands in one stands in the other.

mod html;
mod part;

pub use crate::paper::Printed;
pub(crate) use html::{COLOPHON, outline};
pub use part::{Drawing, Part, Problem, Reading, Table};

use crate::draw::PaintError;
use crate::figure::Figure;

/// A part of a page.
#[derive(Clone, Debug, Default)]
pub struct Section {
    /// For links; empty for none.
    pub id: String,
    /// Above it; empty for none.
    pub title: String,
    /// On paper it begins on a sheet of its own; in a page, its pictures over time share a cursor of their own.
    pub own_sheet: bool,
    parts: Vec<Part>,
}

impl Section {
    /// Empty.
    pub fn new(id: &str, title: &str) -> Self {
        Section { id: id.into(), title: title.into(), ..Section::default() }
    }

    /// Empty, and on a sheet of its own when it is printed.
    pub fn sheet(id: &str, title: &str) -> Self {
        Section { own_sheet: true, ..Section::new(id, title) }
    }

    /// A paragraph.
    pub fn words(&mut self, text: &str) {
        self.part(Part::Words(text.into()));
    }

    /// A heading below the section's own.
    pub fn heading(&mut self, text: &str) {
        self.part(Part::Heading(text.into()));
    }

    /// A table.
    pub fn table(&mut self, table: &Table) {
        self.part(Part::Table(table.clone()));
    }

    /// A picture with its title, legend and caption.
    pub fn figure(&mut self, figure: &Figure<'_>) {
        self.part(Part::Figure(figure.drawn()));
    }

    /// Anything.
    pub fn part(&mut self, part: Part) {
        self.parts.push(part);
    }

    /// What it is made of, in order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }
}

/// A page being written.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub(crate) title: String,
    pub(crate) facts: String,
    pub(crate) sections: Vec<Section>,
}

impl Page {
    /// A page with a title and a line or two of facts under it.
    pub fn new(title: &str, facts: &str) -> Self {
        Page { title: title.into(), facts: facts.into(), ..Page::default() }
    }

    /// Adds a section.
    pub fn section(&mut self, section: &Section) {
        self.sections.push(section.clone());
    }

    /// Adds figures under one heading.
    pub fn figures(&mut self, id: &str, title: &str, figures: &[Figure<'_>]) {
        if figures.is_empty() {
            return;
        }
        let mut section = Section::new(id, title);
        for figure in figures {
            section.figure(figure);
        }
        self.section(&section);
    }

    /// The page as HTML.
    pub fn html(&self) -> String {
        html::page(self)
    }

    /// The page on sheets of A4, as PDF.
    pub fn pdf(&self) -> Result<Printed, PaintError> {
        crate::paper::print(self)
    }
}
