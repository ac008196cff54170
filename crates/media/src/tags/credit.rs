//! Who made a recording, and as what.

use std::fmt;

/// A person or a group, and what they did.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Credit {
    /// The name as it is to be shown.
    pub name: String,
    /// What they did.
    pub role: Role,
}

/// What somebody did for a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Role {
    /// An artist it is released under.
    Main,
    /// A guest, named behind `feat.`
    Featured,
    /// Who made this version of somebody else's recording.
    Remixer,
    /// The producer.
    Producer,
    /// The conductor.
    Conductor,
    /// Who wrote the music.
    Composer,
    /// Who wrote the words.
    Lyricist,
    /// Who set it for these voices or instruments.
    Arranger,
    /// Who plays or sings without being an artist of the release.
    Performer,
    /// Who recorded it.
    Engineer,
    /// Who mixed it.
    Mixer,
    /// Who mastered it.
    Mastering,
}

impl Role {
    /// All of them.
    pub const ALL: [Role; 12] = [
        Role::Main,
        Role::Featured,
        Role::Remixer,
        Role::Producer,
        Role::Conductor,
        Role::Composer,
        Role::Lyricist,
        Role::Arranger,
        Role::Performer,
        Role::Engineer,
        Role::Mixer,
        Role::Mastering,
    ];
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Role::Main => "main artist",
            Role::Featured => "featured artist",
            Role::Remixer => "remixer",
            Role::Producer => "producer",
            Role::Conductor => "conductor",
            Role::Composer => "composer",
            Role::Lyricist => "lyricist",
            Role::Arranger => "arranger",
            Role::Performer => "performer",
            Role::Engineer => "engineer",
            Role::Mixer => "mixing engineer",
            Role::Mastering => "mastering engineer",
        })
    }
}

/// Artists as one line: `Ann`, `Ann & Bo`, `Ann, Bo & Cy`, and guests behind `feat.`
pub fn artist_line(main: &[&str], featured: &[&str]) -> String {
    let mut line = listed(main);
    if !featured.is_empty() {
        if !line.is_empty() {
            line.push_str(" feat. ");
        }
        line.push_str(&listed(featured));
    }
    line
}

fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [before @ .., last] => format!("{} & {last}", before.join(", ")),
    }
}

/// Tells guests from main artists: how many of `names` come before `feat.` in a line that [`artist_line`] would make of
/// them. None when the line is somebody else's.
pub(crate) fn mains_of(line: &str, names: &[&str]) -> Option<usize> {
    // All main is the likeliest, and the reading of a line without guests.
    (0..=names.len()).rev().find(|count| {
        let (main, featured) = names.split_at(*count);
        artist_line(main, featured) == line
    })
}

#[cfg(test)]
mod tests {
    use super::{artist_line, mains_of};

    #[test]
    fn lines_are_taken_apart_again() {
        let names = ["Ann", "Bo & Co", "Cy", "Dé"];
        assert_eq!(artist_line(&names[..3], &names[3..]), "Ann, Bo & Co & Cy feat. Dé");
        for count in 1..=names.len() {
            let (main, featured) = names.split_at(count);
            assert_eq!(mains_of(&artist_line(main, featured), &names), Some(count));
        }
        assert_eq!(mains_of("Ann with Bo", &["Ann", "Bo"]), None);
        assert_eq!(mains_of("", &[]), Some(0));
    }
}
