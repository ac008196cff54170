//! What a file's name says it holds: `01_Kick In.wav` is a kick, `BVs L` are backing vocals.
//!
//! A name is cut into words ([`words`]) at everything that is not a letter, where letters meet digits, and at the
//! humps of camel case. A word that no table knows is tried as a chain of words that are known, all of it or
//! nothing (`kickin`, `bassdi`), so that no instrument is found inside another word: no *hat* in "whatever", no *organ* in
//! "organic".
//!
//! Words are then looked up as phrases, the longest first at each place (a `bass drum` is a kick, a `lead vocal` no
//! synthesizer lead). Where a name holds several, an instrument wins over a *vague* word ("drums", "lead", "room"),
//! and otherwise the later wins, because the noun stands last in English: a synth bass is a bass.

mod table;

use table::{BESIDE, CLEAR, CLICK, REFERENCE, VAGUE, WHOLE_KIT, WHOLE_SONG, phrases};

/// What a track plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Bass drum.
    Kick,
    /// Snare drum, side stick, claps.
    Snare,
    /// Toms.
    Toms,
    /// Hi-hat, ride, crash.
    Cymbals,
    /// The pair above the kit.
    Overheads,
    /// The room around the kit.
    Room,
    /// A whole kit or a loop of one.
    Drums,
    /// Hand percussion, shakers, timpani.
    Percussion,
    /// Bass guitar, double bass, synthesizer bass.
    Bass,
    /// Guitars and their relatives.
    Guitar,
    /// Pianos, organs, mallets, harp.
    Keys,
    /// Bowed and plucked strings.
    Strings,
    /// Brass and woodwind.
    Winds,
    /// Pads and choirs of synthesizers.
    Pad,
    /// Synthesizers: leads, arpeggios, sequences.
    Synth,
    /// Lead vocals, and vocals of which nothing else is known.
    Vocals,
    /// Backing vocals, harmonies, doubles, choirs.
    Backing,
    /// Effects, noises, samples.
    Fx,
}

/// The bus that tracks of like roles share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// The kit.
    Drums,
    /// Percussion.
    Percussion,
    /// Basses.
    Bass,
    /// Guitars.
    Guitars,
    /// Keyboards.
    Keys,
    /// Strings.
    Strings,
    /// Brass and woodwind.
    Winds,
    /// Pads and other synthesizers.
    Synths,
    /// All vocals.
    Vocals,
    /// Effects.
    Fx,
}

impl Role {
    /// As it stands in the document.
    pub fn id(self) -> &'static str {
        match self {
            Role::Kick => "kick",
            Role::Snare => "snare",
            Role::Toms => "toms",
            Role::Cymbals => "cymbals",
            Role::Overheads => "overheads",
            Role::Room => "room",
            Role::Drums => "drums",
            Role::Percussion => "percussion",
            Role::Bass => "bass",
            Role::Guitar => "guitar",
            Role::Keys => "keys",
            Role::Strings => "strings",
            Role::Winds => "winds",
            Role::Pad => "pad",
            Role::Synth => "synth",
            Role::Vocals => "vocals",
            Role::Backing => "backing",
            Role::Fx => "fx",
        }
    }

    /// Whom it shares a bus with.
    pub fn family(self) -> Family {
        match self {
            Role::Kick | Role::Snare | Role::Toms | Role::Cymbals | Role::Overheads | Role::Room | Role::Drums => {
                Family::Drums
            }
            Role::Percussion => Family::Percussion,
            Role::Bass => Family::Bass,
            Role::Guitar => Family::Guitars,
            Role::Keys => Family::Keys,
            Role::Strings => Family::Strings,
            Role::Winds => Family::Winds,
            Role::Pad | Role::Synth => Family::Synths,
            Role::Vocals | Role::Backing => Family::Vocals,
            Role::Fx => Family::Fx,
        }
    }
}

impl Family {
    /// The bus's id.
    pub fn id(self) -> &'static str {
        match self {
            Family::Drums => "drums",
            Family::Percussion => "percussion",
            Family::Bass => "bass",
            Family::Guitars => "guitars",
            Family::Keys => "keys",
            Family::Strings => "strings",
            Family::Winds => "winds",
            Family::Synths => "synths",
            Family::Vocals => "vocals",
            Family::Fx => "fx",
        }
    }
}

/// What a file is, as far as its name says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A track of the song, and what it plays if the name says so.
    Stem(Option<Role>),
    /// Not a track: a mix, a master, a reference ("mix"), or a metronome ("click"). The word that says so.
    NotATrack(&'static str),
}

/// What the file with these words in its name is.
pub(super) fn of_words(words: &[String]) -> Kind {
    let says = |known: &'static str| phrases(known).find(|word| words.iter().any(|w| w == word));
    if let Some(word) = says(REFERENCE) {
        return Kind::NotATrack(word);
    }
    // "Drum Mix" and "Kick Click" are tracks; a bare "Mix" or "Click" is none.
    match (role_of(words), says(WHOLE_SONG).or_else(|| says(CLICK))) {
        (None, Some(word)) => Kind::NotATrack(word),
        (role, _) => Kind::Stem(role),
    }
}

/// The role that these words name.
fn role_of(words: &[String]) -> Option<Role> {
    let clear = matches(words, CLEAR);
    let free: Vec<String> = (0..words.len())
        .filter(|place| !clear.iter().any(|found| found.holds(*place)))
        .map(|place| words[place].clone())
        .collect();
    let vague = matches(&free, VAGUE);
    // Of vague words the first says most: "lead fill".
    let Some(best) = clear.last() else { return vague.first().map(|found| found.role) };
    match best.role {
        // Vocals that are also called a harmony or a double stand behind the lead.
        Role::Vocals if vague.iter().any(|found| found.role == Role::Backing) => Some(Role::Backing),
        // A kit bounced together with something else, "drums and bass", is first of all a kit.
        role if free.iter().any(|word| phrases(WHOLE_KIT).any(|kit| kit == word)) => {
            let of_the_kit = matches!(role.family(), Family::Drums | Family::Percussion);
            Some(if of_the_kit { role } else { Role::Drums })
        }
        role => Some(role),
    }
}

#[derive(Clone, Copy)]
struct Match {
    role: Role,
    from: usize,
    length: usize,
}

impl Match {
    fn holds(&self, place: usize) -> bool {
        (self.from..self.from + self.length).contains(&place)
    }
}

/// Every phrase of the table that stands in the words, at each place the longest, none inside another.
fn matches(words: &[String], table: &[(Role, &'static str)]) -> Vec<Match> {
    let mut found = Vec::new();
    let mut from = 0;
    while from < words.len() {
        let at = |phrase: &str| {
            let parts: Vec<&str> = phrase.split(' ').collect();
            let here = words[from..].iter().map(String::as_str).zip(&parts);
            let same = words.len() - from >= parts.len() && here.into_iter().all(|(w, p)| w == singular(p));
            same.then_some(parts.len())
        };
        let all = table.iter().flat_map(|(role, text)| phrases(text).map(|phrase| (*role, phrase)));
        let here = all.filter_map(|(role, phrase)| at(phrase).map(|length| (role, length)));
        match here.max_by_key(|(_, length)| *length) {
            Some((role, length)) => {
                found.push(Match { role, from, length });
                from += length;
            }
            None => from += 1,
        }
    }
    found
}

/// The words of a name, in lower case and without their plural s.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = Vec::new();
    for piece in pieces(name) {
        if known(&piece) || piece.chars().any(|c| c.is_ascii_digit()) {
            words.push(singular(&piece).to_string());
        } else {
            match chain(&piece) {
                Some(parts) => words.extend(parts.into_iter().map(|part| singular(part).to_string())),
                None => words.push(singular(&piece).to_string()),
            }
        }
    }
    joined_digits(words)
}

/// "b 3", "dx 7", "808 kick": letters and digits that only together are a word stay apart in [`pieces`]; here they join.
fn joined_digits(words: Vec<String>) -> Vec<String> {
    let mut joined: Vec<String> = Vec::new();
    for word in words {
        let pair = joined.last().map(|last| format!("{last}{word}"));
        match pair.filter(|pair| is_phrase(pair) && pair.chars().any(|c| c.is_ascii_digit())) {
            Some(pair) => {
                joined.pop();
                joined.push(pair);
            }
            None => joined.push(word),
        }
    }
    joined
}

/// Cuts at separators, between letters and digits, and at humps: `gtrL` is "gtr", "l" and `DIBass` "di", "bass",
/// while `BVs` and `OHs` stay whole.
fn pieces(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let mut pieces = vec![String::new()];
    for (i, c) in letters.iter().enumerate() {
        let before = if i > 0 { letters[i - 1] } else { ' ' };
        let lower_ahead = |n: usize| letters.get(i + n).is_some_and(|c| c.is_lowercase());
        let hump = c.is_uppercase() && (before.is_lowercase() || (lower_ahead(1) && lower_ahead(2)));
        let kind_changes = c.is_numeric() != before.is_numeric();
        if !c.is_alphanumeric() || hump || kind_changes {
            pieces.push(String::new());
        }
        if c.is_alphanumeric() {
            pieces.last_mut().expect("never empty").extend(c.to_lowercase());
        }
    }
    pieces.retain(|piece| !piece.is_empty());
    pieces
}

/// A word without its plural s ("hats", "BVs"); "bass" becomes "bas", and so does every "bass" of the tables.
fn singular(word: &str) -> &str {
    match word.strip_suffix('s') {
        Some(stem) if stem.len() >= 2 => stem,
        _ => word,
    }
}

fn vocabulary() -> impl Iterator<Item = &'static str> {
    let named = CLEAR.iter().chain(VAGUE).flat_map(|(_, text)| phrases(text)).flat_map(|phrase| phrase.split(' '));
    named.chain(phrases(BESIDE)).chain(phrases(WHOLE_SONG))
}

fn known(word: &str) -> bool {
    vocabulary().any(|v| singular(v) == singular(word))
}

fn is_phrase(word: &str) -> bool {
    CLEAR.iter().chain(VAGUE).flat_map(|(_, text)| phrases(text)).chain(phrases(WHOLE_SONG)).any(|p| p == word)
}

/// The word as a chain of at least two known ones, nothing left over, the longest first; single letters are sides
/// and stand only at the end, and pairs of letters are too weak to begin a chain.
fn chain(word: &str) -> Option<Vec<&str>> {
    links(word, true).filter(|parts| parts.len() > 1)
}

fn links(word: &str, first: bool) -> Option<Vec<&str>> {
    if word.is_empty() {
        return Some(Vec::new());
    }
    let cuts: Vec<usize> = word.char_indices().map(|(at, c)| at + c.len_utf8()).collect();
    cuts.into_iter().rev().find_map(|cut| {
        let (head, tail) = word.split_at(cut);
        let strong = match head.len() {
            1 => !first && tail.is_empty() && matches!(head, "l" | "r"),
            2 => !first || (matches!(head, "oh" | "bv" | "hh") && matches!(tail, "l" | "r")),
            _ => true,
        };
        let mut parts = if strong && known(head) { links(tail, false)? } else { return None };
        parts.insert(0, head);
        Some(parts)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(name: &str) -> Kind {
        of_words(&words(name))
    }

    #[test]
    fn names_as_studios_write_them_are_understood() {
        let expected: &[(Role, &[&str])] = &[
            (
                Role::Kick,
                &["01_Kick In", "KickOut", "kick_sub", "BD", "Bass Drum", "kik 57", "drums_kick", "808 Kick", "kickin"],
            ),
            (Role::Kick, &["Kick Click", "kick sample", "03-kick_b"]),
            (Role::Snare, &["Snare Top", "SNR_BTM", "sn", "sidestick", "Claps", "snaretop", "Snare Room", "rim shot"]),
            (Role::Toms, &["Floor Tom", "Tom1", "drums_toms", "Rack Toms L"]),
            (
                Role::Cymbals,
                &["hihat_ins09", "Hi-Hat", "HH", "alt_hats", "Ride Bell", "Crash L", "drums_cymbals", "OpenHat"],
            ),
            (Role::Overheads, &["ohs", "OH L", "OHR", "Overheads", "Drum OH", "OHs_R"]),
            (Role::Room, &["Room L", "drum room", "Kit Room"]),
            (Role::Drums, &["Drums", "break", "drums_bass_rest", "Drum Loop", "DrumKit", "Drum Mix"]),
            (Role::Percussion, &["Shaker", "tamb", "Congas Hi", "timpani", "22_perc", "Cow Bell", "Steel Drum"]),
            (Role::Bass, &["bass_ins16", "BassDI", "DIBass", "Synth Bass", "Bass Synth", "finger_bass", "contrabass"]),
            (Role::Bass, &["dirt_bass", "bassamp", "Bass Gtr", "sub", "E-Bass"]),
            (
                Role::Guitar,
                &["gtr-dist", "09_gtrL", "ElecGtr 2", "latin_guitar", "Acoustic", "Lead Guitar", "Guitar Lead"],
            ),
            (Role::Guitar, &["Guitar Harmony", "GTR_FX", "steel_guitar", "Rhythm", "E-Gitarre", "guitars"]),
            (Role::Keys, &["epiano", "fm_rhodes_2", "Piano", "organ", "B3", "Keys", "harp", "celesta", "Grand Pno"]),
            (Role::Strings, &["slow_strings", "Vln 1", "pizzicato_strings", "Cello", "Str"]),
            (Role::Winds, &["Brass", "Trumpet 2", "Alto Sax", "french_horn", "flutes"]),
            (Role::Pad, &["soft_saw_pad", "flanged_pad", "SynthPad", "15_pad"]),
            (
                Role::Synth,
                &["lead_ins00", "square_lead", "arp", "poly_synth", "minilogue_synth", "DX7", "lead_ioioioi"],
            ),
            (Role::Vocals, &["lead_vocal", "17_vox", "LeadVox", "Voc", "LVox", "Vox Lead", "Acapella"]),
            (Role::Backing, &["BVs L", "backing_vocal_alt", "18_bv1", "BGV 3", "Vox Harm Hi", "vocal double", "Choir"]),
            (Role::Backing, &["backing_vocal_harmony", "BVL", "Harmony 2"]),
            (Role::Fx, &["fill_scratch", "microcosm_effect", "24_fx", "Riser", "Vocal FX"]),
        ];
        let mut wrong = Vec::new();
        for (role, names) in expected {
            for name in *names {
                let found = kind(name);
                if found != Kind::Stem(Some(*role)) {
                    wrong.push(format!("{name}: {found:?}, not {role:?} (words {:?})", words(name)));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn what_says_nothing_has_no_role() {
        for name in ["Track 07", "organic", "whatever", "tomorrow", "Audio 1_003", "padre", "", "…", "Å"] {
            assert_eq!(kind(name), Kind::Stem(None), "{name}");
        }
    }

    #[test]
    fn versions_of_the_whole_song_are_no_tracks() {
        let names = ["reference_mix", "reference_master", "Rough Mix v3", "MASTER", "Night Drive (Master)", "2mix"];
        for name in names.into_iter().chain(["click", "Metronome", "ref"]) {
            assert!(matches!(kind(name), Kind::NotATrack(_)), "{name}: {:?}", kind(name));
        }
    }

    #[test]
    fn every_phrase_names_its_own_role() {
        // A phrase that a longer or later one shadowed would be dead weight in the table.
        for (role, text) in CLEAR.iter().chain(VAGUE) {
            for phrase in phrases(text) {
                assert_eq!(kind(phrase), Kind::Stem(Some(*role)), "{phrase}: {:?}", words(phrase));
            }
        }
    }
}
