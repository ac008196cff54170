//! `[[stem]]`: members that are there, and what keeps the stems from summing to the mix.

use tonmeister_core::Diagnostic;

use super::Reader;
use crate::keys::{MAX_STEMS, STEM};
use crate::model::{Song, Stem, StripAt};
use crate::tree::{Kind, Node, Span, Table};

/// As many names as are told of a list.
const NAMES: usize = 6;

impl Reader<'_> {
    /// The stems.
    pub(super) fn stems(&mut self, node: &Node, song: &mut Song) {
        let whole = self.report.errors() == 0;
        let tables = self.tables("stem", node, MAX_STEMS);
        let ids = self.section_ids("stem", &STEM[0], &tables);
        for (table, id) in tables.iter().zip(ids) {
            self.known("a stem", table, &STEM.iter().map(|key| key.id).collect::<Vec<_>>());
            let title = table.get("title").and_then(|node| self.text("title", node)).map(Into::into);
            let of = self.required("this stem", table, &STEM[2]);
            let of = of.map_or_else(Vec::new, |node| self.stem_of(node, whole));
            song.stems.push(Stem { id, title, of });
        }
        if self.report.errors() == 0 {
            self.doubt_stems(song, &tables);
        }
    }

    fn stem_of(&mut self, node: &Node, whole: bool) -> Vec<String> {
        if matches!(&node.kind, Kind::List(items) if items.is_empty()) {
            let warning = Diagnostic::warning("no-effect", "a stem of nothing is silent, and no file is made of it");
            let warning =
                warning.at(node.span.clone(), "expected at least one track, bus or VCA, found none".to_string());
            self.report.add(warning.help("name what it holds: `of = [\"drums\"]`; or take the stem out"));
        }
        self.strip_names("of", node, whole)
    }

    /// What is allowed, but makes of the stems something else than the parts of the mix.
    fn doubt_stems(&mut self, song: &Song, tables: &[&Table]) {
        let Some(last) = tables.last() else { return };
        let span = |table: &Table| -> Span { table.get("of").map_or(table.span.clone(), |node| node.span.clone()) };
        let held = song.stems_held();
        let id = |stem: usize| &song.stems[stem].id;
        if !held.left_out.is_empty() {
            let tracks: Vec<StripAt> = held.left_out.iter().map(|track| StripAt::Track(*track)).collect();
            let are = if tracks.len() == 1 { "is" } else { "are" };
            let message = format!("{} {are} in no stem, so the stems do not sum to the mix", names(song, &tracks));
            let label = format!("expected every track in some stem, found {} in none", tracks.len());
            let help = "name it, the bus that it leads to or its VCA in the `of` of a stem, or add a stem for the rest";
            self.report.add(Diagnostic::warning("left-out", message).at(span(last), label).help(help));
        }
        for (later, earlier, strips) in &held.twice {
            let are = if strips.len() == 1 { "is" } else { "are" };
            let message = format!(
                "{} {are} in the stems `{}` and `{}`, so the stems sum to more than the mix",
                names(song, strips),
                id(*earlier),
                id(*later)
            );
            let label = format!("expected what no other stem holds, found what is in `{}` as well", id(*earlier));
            let help = format!("take it out of `{}` or of `{}`", id(*later), id(*earlier));
            self.report.add(Diagnostic::warning("in-two-stems", message).at(span(tables[*later]), label).help(help));
        }
        for (stem, strip, bus) in &held.elsewhere {
            let (name, bus) = (song.id(*strip), &song.buses[*bus].id);
            let message = format!(
                "`{name}` leads into `{bus}`, which is in another stem and is heard there with all that enters it"
            );
            let label = format!("expected what `{bus}` does not bring along, found `{name}`");
            let help = format!(
                "name the tracks of `{bus}` in the other stem, instead of the bus: then `{bus}` is divided among the stems"
            );
            self.report.add(Diagnostic::warning("in-another-stem", message).at(span(tables[*stem]), label).help(help));
        }
    }
}

/// "`kick`, `snare` and 3 more".
fn names(song: &Song, strips: &[StripAt]) -> String {
    let told: Vec<String> = strips.iter().take(NAMES).map(|at| format!("`{}`", song.id(*at))).collect();
    match strips.len() - told.len() {
        0 => told.join(", "),
        more => format!("{} and {more} more", told.join(", ")),
    }
}
