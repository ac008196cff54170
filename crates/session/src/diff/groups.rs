//! VCAs, link groups, scenes and versions in both songs.

use std::collections::HashMap;

use super::{About, Pair};
use crate::model::{Link, Scene, Vca, Version};

impl Pair<'_> {
    pub(super) fn groups(&mut self) {
        let (a, b) = (self.before, self.after);
        let before: HashMap<&str, &Vca> = a.vcas.iter().map(|vca| (vca.id.as_str(), vca)).collect();
        for vca in &b.vcas {
            let Some(was) = before.get(vca.id.as_str()) else { continue };
            for (members, others, verb) in
                [(&vca.members, &was.members, "now turns"), (&was.members, &vca.members, "no longer turns")]
            {
                for member in members.iter().filter(|member| !others.contains(member)) {
                    let address = format!("{}/members", vca.id);
                    // As much as its fader does to the one that joins or leaves.
                    let weight = vca.strip.get("fader_db").abs().min(60.0);
                    self.add(About::Group, address, weight, format!("{} {verb} {member}", vca.id));
                }
            }
        }
        self.named("link group", About::Group, "link", &a.links, &b.links, |link: &Link| &link.id);
        self.named("scene", About::Group, "scene", &a.scenes, &b.scenes, |scene: &Scene| &scene.id);
        self.named("version", About::Version, "version", &a.versions, &b.versions, |version: &Version| &version.id);
    }

    /// What has no sound of its own.
    fn named<T: PartialEq>(
        &mut self,
        what: &str,
        about: About,
        word: &str,
        a: &[T],
        b: &[T],
        id: impl Fn(&T) -> &String,
    ) {
        let mut tell = |name: &String, verb: &str| {
            self.add(about, format!("song/{word}/{name}"), 0.0, format!("{what} {name} {verb}"));
        };
        for gone in a.iter().filter(|old| !b.iter().any(|new| id(new) == id(old))) {
            tell(id(gone), "taken out");
        }
        for new in b {
            match a.iter().find(|old| id(old) == id(new)) {
                None => tell(id(new), "added"),
                Some(old) if old != new => tell(id(new), "changed"),
                Some(_) => {}
            }
        }
    }
}
