//! `[[vca]]` and `[[link]]`: members that are there, and no VCA that turns itself.

use tonmeister_core::Diagnostic;

use super::routes::circles;
use super::{Place, Reader};
use crate::keys::{LINK, LINKS, MAX_LINKS, VCA};
use crate::model::{Link, Linked, Song, Vca};
use crate::tables;
use crate::tree::{Kind, Node, Span, Table};

impl Reader<'_> {
    /// The VCAs, whose ids are among the names already.
    pub(super) fn vcas(&mut self, tables: &[&Table], ids: Vec<String>, song: &mut Song) {
        let whole = self.report.errors() == 0;
        for (place, (table, id)) in tables.iter().zip(ids).enumerate() {
            let keys: Vec<&str> = VCA.iter().map(|key| key.id).chain(tables::ON_VCA.iter().copied()).collect();
            self.known("a VCA", table, &keys);
            let members = self.required("this VCA", table, &VCA[1]);
            let members = members.map_or_else(Vec::new, |node| self.members(node, 1, whole));
            let strip = self.strip(table, Place::Vca(place), &id);
            song.vcas.push(Vca { id, members, strip });
        }
        let mut roads: Vec<Vec<(usize, Span)>> = Vec::new();
        for (vca, table) in song.vcas.iter().zip(tables) {
            let span = table.get("members").map_or(table.span.clone(), |node| node.span.clone());
            let turns = vca.members.iter().filter_map(|member| match self.names.get(member) {
                Some(Place::Vca(other)) => Some((*other, span.clone())),
                _ => None,
            });
            roads.push(turns.collect());
        }
        for (circle, span) in circles(&roads) {
            let names: Vec<&str> = circle.iter().chain(&circle[..1]).map(|at| song.vcas[*at].id.as_str()).collect();
            let message = format!("the VCAs turn each other in a circle: {}", names.join(" → "));
            let label = "expected strips in the end, found the circle closing here".to_string();
            let help = Some("take one of them out of the other's members".to_string());
            self.error_with_help("vca-loop", message, (&span, label), help);
        }
    }

    /// The link groups.
    pub(super) fn links(&mut self, node: &Node, song: &mut Song) {
        let whole = self.report.errors() == 0;
        let tables = self.tables("link", node, MAX_LINKS);
        let ids = self.section_ids("link group", &LINK[0], &tables);
        for (table, id) in tables.iter().zip(ids) {
            self.known("a link group", table, &LINK.iter().map(|key| key.id).collect::<Vec<_>>());
            let members = self.required("this link group", table, &LINK[1]);
            let members = members.map_or_else(Vec::new, |node| self.members(node, 2, whole));
            let properties = self.required("this link group", table, &LINK[2]);
            let properties = properties.map_or_else(Vec::new, |node| self.linked(node));
            song.links.push(Link { id, members, properties });
        }
    }

    fn members(&mut self, node: &Node, least: usize, whole: bool) -> Vec<String> {
        if let Kind::List(items) = &node.kind
            && items.len() < least
        {
            let warning = Diagnostic::warning("no-effect", format!("with {} members this does nothing", items.len()));
            self.report.add(warning.at(node.span.clone(), format!("expected at least {least}, found {}", items.len())));
        }
        self.strip_names("members", node, whole)
    }

    fn linked(&mut self, node: &Node) -> Vec<Linked> {
        let Kind::List(items) = &node.kind else {
            let help = Some("write `properties = [\"fader\", \"mute\"]`".to_string());
            self.wrong_type("properties", node, "a list of what goes together", help);
            return Vec::new();
        };
        let mut properties: Vec<Linked> = Vec::new();
        for item in items {
            let Some(linked) = self.param(&LINKS, item).map(|place| Linked::ALL[place as usize]) else { continue };
            if properties.contains(&linked) {
                let label = "expected each once, found it a second time".to_string();
                self.error(
                    "duplicate-name",
                    format!("\"{}\" is twice in `properties`", linked.word()),
                    &item.span,
                    label,
                );
                continue;
            }
            properties.push(linked);
        }
        properties
    }
}
