//! VCAs, link groups, stems, scenes and versions in both songs.

use std::collections::HashMap;

use super::{About, Pair};
use crate::model::{Link, Scene, Stem, Vca, Version};

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
        self.stems(&a.stems, &b.stems);
        self.named("scene", About::Group, "scene", &a.scenes, &b.scenes, |scene: &Scene| &scene.id);
        self.named("version", About::Version, "version", &a.versions, &b.versions, |version: &Version| &version.id);
    }

    /// What the parts of the mix hold and are called. The mix sounds the same.
    fn stems(&mut self, a: &[Stem], b: &[Stem]) {
        for new in b {
            let Some(old) = a.iter().find(|old| old.id == new.id) else { continue };
            let address = format!("song/stem/{}", new.id);
            for (these, those, verb) in [(&new.of, &old.of, "now holds"), (&old.of, &new.of, "no longer holds")] {
                for name in these.iter().filter(|name| !those.contains(name)) {
                    self.add(About::Group, format!("{address}/of"), 0.0, format!("stem {} {verb} {name}", new.id));
                }
            }
            if new.title != old.title {
                let title = new.title.as_ref().unwrap_or(&new.id);
                self.add(
                    About::Group,
                    format!("{address}/title"),
                    0.0,
                    format!("stem {} now called \"{title}\"", new.id),
                );
            }
        }
        // What both have was told.
        let known = |all: &[Stem], of: &[Stem]| -> Vec<Stem> {
            all.iter().filter(|stem| !of.iter().any(|other| other.id == stem.id)).cloned().collect()
        };
        self.named("stem", About::Group, "stem", &known(a, b), &known(b, a), |stem: &Stem| &stem.id);
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
