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

/// Phrases that name an instrument. Words stand without their plural s.
const CLEAR: &[(Role, &[&str])] = &[
    (
        Role::Kick,
        &[
            "kick",
            "kik",
            "kck",
            "kik drum",
            "kick drum",
            "bass drum",
            "bassdrum",
            "bd",
            "kd",
            "808 kick",
            "bombo",
            "grosse caisse",
        ],
    ),
    (
        Role::Snare,
        &[
            "snare",
            "snr",
            "sn",
            "sd",
            "sidestick",
            "side stick",
            "rimshot",
            "rim shot",
            "rim",
            "cross stick",
            "xstick",
            "clap",
            "handclap",
            "snap",
            "caja",
        ],
    ),
    (Role::Toms, &["tom", "floor tom", "rack tom", "tomtom", "tom tom", "rototom"]),
    (
        Role::Cymbals,
        &[
            "hat",
            "hihat",
            "hi hat",
            "high hat",
            "hh",
            "hhat",
            "closed hat",
            "open hat",
            "ride",
            "crash",
            "cymbal",
            "cym",
            "cymb",
            "splash",
            "china",
            "ohh",
            "chh",
            "drum cymbal",
        ],
    ),
    (Role::Overheads, &["overhead", "oh", "ovh", "ohead", "over head", "drum overhead", "drum oh"]),
    (Role::Room, &["drum room", "kit room", "room kit", "room drum", "drum rm"]),
    (Role::Drums, &["breakbeat", "drum loop", "drumloop", "drum machine", "beat loop", "amen"]),
    (
        Role::Percussion,
        &[
            "perc",
            "percussion",
            "shaker",
            "shkr",
            "tamb",
            "tambo",
            "tambourine",
            "conga",
            "bongo",
            "djembe",
            "cajon",
            "cowbell",
            "cow bell",
            "clave",
            "woodblock",
            "wood block",
            "triangle",
            "timbale",
            "timpani",
            "timp",
            "tympani",
            "cabasa",
            "maraca",
            "guiro",
            "agogo",
            "tabla",
            "taiko",
            "gong",
            "chime",
            "windchime",
            "castanet",
            "cuica",
            "darbuka",
            "vibraslap",
            "steel drum",
            "steelpan",
            "steel pan",
            "frame drum",
            "hand drum",
            "tubular bell",
        ],
    ),
    (
        Role::Bass,
        &[
            "bass",
            "bs",
            "ebass",
            "bass guitar",
            "bass gtr",
            "bassline",
            "bass line",
            "contrabass",
            "doublebass",
            "double bass",
            "upright",
            "upright bass",
            "subbass",
            "sub bass",
            "reese",
            "synth bass",
            "bass synth",
            "basso",
            "moog bass",
            "bass di",
            "bass amp",
        ],
    ),
    (
        Role::Guitar,
        &[
            "guitar",
            "gtr",
            "gt",
            "git",
            "gitarre",
            "guit",
            "guitarra",
            "guitare",
            "egtr",
            "agtr",
            "elgtr",
            "acgtr",
            "aco gtr",
            "acoustic",
            "strat",
            "tele",
            "lespaul",
            "les paul",
            "banjo",
            "ukulele",
            "uke",
            "mandolin",
            "dobro",
            "lap steel",
            "pedal steel",
            "lead guitar",
            "rhythm guitar",
            "lead gtr",
            "rhythm gtr",
            "sitar",
            "bouzouki",
            "powerchord",
            "power chord",
            "nylon",
        ],
    ),
    (
        Role::Keys,
        &[
            "key",
            "keyboard",
            "keyb",
            "kbd",
            "piano",
            "pno",
            "epiano",
            "e piano",
            "rhode",
            "wurli",
            "wurlitzer",
            "wurly",
            "organ",
            "org",
            "hammond",
            "b3",
            "b 3",
            "clav",
            "clavinet",
            "harpsichord",
            "celesta",
            "celeste",
            "harp",
            "vibe",
            "vibraphone",
            "marimba",
            "xylophone",
            "glockenspiel",
            "glock",
            "accordion",
            "mellotron",
            "klavier",
            "orgel",
            "grand",
            "music box",
            "dulcimer",
        ],
    ),
    (
        Role::Strings,
        &[
            "string",
            "str",
            "violin",
            "vln",
            "viola",
            "vla",
            "cello",
            "vc",
            "vlc",
            "violoncello",
            "fiddle",
            "pizzicato",
            "pizz",
            "quartet",
            "string quartet",
            "orchestra",
            "orch",
            "streicher",
        ],
    ),
    (
        Role::Winds,
        &[
            "brass",
            "horn",
            "french horn",
            "trumpet",
            "tpt",
            "trp",
            "trombone",
            "tbn",
            "tuba",
            "flugelhorn",
            "sax",
            "saxophone",
            "alto sax",
            "tenor sax",
            "bari sax",
            "flute",
            "clarinet",
            "oboe",
            "bassoon",
            "piccolo",
            "woodwind",
            "wind",
            "harmonica",
            "whistle",
            "recorder",
        ],
    ),
    (Role::Pad, &["pad", "synth pad", "synpad", "soundscape", "drone", "atmo pad"]),
    (
        Role::Synth,
        &[
            "synth",
            "syn",
            "syn lead",
            "synth lead",
            "arp",
            "arpeggio",
            "arpeggiator",
            "sequence",
            "pluck",
            "supersaw",
            "square lead",
            "saw lead",
            "moog",
            "juno",
            "jupiter",
            "prophet",
            "minilogue",
            "dx7",
            "acid",
            "stab",
            "chiptune",
        ],
    ),
    (
        Role::Vocals,
        &[
            "vocal",
            "vox",
            "voc",
            "vx",
            "voice",
            "lead vocal",
            "lead vox",
            "lead voc",
            "lead vx",
            "ld vox",
            "ld voc",
            "ldv",
            "lv",
            "main vocal",
            "main vox",
            "singer",
            "sing",
            "rap",
            "vocoder",
            "gesang",
            "adlib",
            "ad lib",
            "talkbox",
            "spoken",
            "acapella",
            "acappella",
            "a cappella",
        ],
    ),
    (
        Role::Backing,
        &[
            "bv",
            "bgv",
            "bvox",
            "bkv",
            "bvoc",
            "backing vocal",
            "backing vox",
            "backing voc",
            "backup vocal",
            "backup vox",
            "back vox",
            "back vocal",
            "bg vocal",
            "bg vox",
            "bg voc",
            "bk vox",
            "bk vocal",
            "background vocal",
            "background vox",
            "choir",
            "gang vocal",
            "group vocal",
            "ooh",
            "aah",
            "chant",
            "coro",
        ],
    ),
    (Role::Fx, &["vocal fx", "vox fx", "riser", "uplifter", "downlifter", "whoosh", "braam", "foley"]),
];

/// Phrases that name an instrument only when nothing clearer stands beside them.
const VAGUE: &[(Role, &[&str])] = &[
    (Role::Toms, &["ft"]),
    (Role::Cymbals, &["top"]),
    (Role::Drums, &["drum", "drm", "dr", "kit", "drumkit", "drum kit", "beat", "break", "loop", "schlagzeug"]),
    (Role::Room, &["room", "rm"]),
    (Role::Bass, &["sub", "808", "low"]),
    (Role::Guitar, &["rhythm", "riff", "solo", "steel", "slide"]),
    (Role::Keys, &["ep", "bell", "chord"]),
    (Role::Synth, &["lead", "ld", "hook", "melody", "seq", "saw", "poly", "303"]),
    (
        Role::Backing,
        &[
            "backing",
            "backup",
            "background",
            "bg",
            "harmony",
            "harmonie",
            "harm",
            "double",
            "dbl",
            "gang",
            "soprano",
            "alto",
            "tenor",
        ],
    ),
    (
        Role::Fx,
        &[
            "fx",
            "sfx",
            "efx",
            "effect",
            "impact",
            "sweep",
            "noise",
            "scratch",
            "sample",
            "ambience",
            "ambiance",
            "ambient",
            "atmo",
            "atmosphere",
            "reverse",
            "vinyl",
            "transition",
            "fill",
            "verb",
            "reverb",
            "delay",
            "misc",
        ],
    ),
];

/// The kit named as a whole.
const WHOLE_KIT: &[&str] = &["drum", "drumkit", "kit", "drm"];

/// Words beside an instrument's name that name none: places, microphones, sides. They help to take words apart.
const BESIDE: &[&str] = &[
    "in", "out", "inside", "outside", "bottom", "btm", "bot", "up", "down", "close", "far", "left", "right", "l", "r",
    "mono", "stereo", "mic", "amp", "di", "cab", "clean", "dist", "crunch", "dry", "wet", "high", "hi", "mid", "soft",
    "hard", "open", "closed", "floor", "rack", "trig", "trigger", "elec", "electric", "e", "a", "el", "aco",
];

/// Words by which a file says that it is a version of the whole song.
const WHOLE_SONG: &[&str] = &[
    "mix",
    "mixdown",
    "master",
    "mastered",
    "mastering",
    "bounce",
    "premaster",
    "premix",
    "2mix",
    "2track",
    "instrumental",
];

/// What the file with these words in its name is.
pub(super) fn of_words(words: &[String]) -> Kind {
    let says = |known: &[&'static str]| known.iter().find(|word| words.iter().any(|w| w == *word)).copied();
    if let Some(word) = says(&["reference", "ref", "referenz"]) {
        return Kind::NotATrack(word);
    }
    // "Drum Mix" and "Kick Click" are tracks; a bare "Mix" or "Click" is none.
    match (role_of(words), says(WHOLE_SONG).or_else(|| says(&["click", "metronome", "clicktrack"]))) {
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
        role if free.iter().any(|word| WHOLE_KIT.contains(&word.as_str())) => {
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
fn matches(words: &[String], table: &[(Role, &[&str])]) -> Vec<Match> {
    let mut found = Vec::new();
    let mut from = 0;
    while from < words.len() {
        let at = |phrase: &str| {
            let parts: Vec<&str> = phrase.split(' ').collect();
            let here = words[from..].iter().map(|w| w.as_str()).zip(&parts);
            let same = words.len() - from >= parts.len() && here.into_iter().all(|(w, p)| w == singular(p));
            same.then_some(parts.len())
        };
        let phrases = table.iter().flat_map(|(role, phrases)| phrases.iter().map(|phrase| (*role, *phrase)));
        let here = phrases.filter_map(|(role, phrase)| at(phrase).map(|length| (role, length)));
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
    let phrases = CLEAR.iter().chain(VAGUE).flat_map(|(_, phrases)| phrases.iter().copied());
    phrases.flat_map(|phrase| phrase.split(' ')).chain(BESIDE.iter().copied()).chain(WHOLE_SONG.iter().copied())
}

fn known(word: &str) -> bool {
    vocabulary().any(|v| singular(v) == singular(word))
}

fn is_phrase(word: &str) -> bool {
    CLEAR.iter().chain(VAGUE).any(|(_, phrases)| phrases.contains(&word)) || WHOLE_SONG.contains(&word)
}

/// The word as a chain of at least two known ones, nothing left over, the longest first; single letters are sides
/// and stand only at the end, and pairs of letters are too weak to begin a chain.
fn chain(word: &str) -> Option<Vec<&str>> {
    fn rest<'a>(word: &'a str, first: bool) -> Option<Vec<&'a str>> {
        if word.is_empty() {
            return Some(Vec::new());
        }
        let cuts = word.char_indices().map(|(at, c)| at + c.len_utf8());
        for cut in cuts.collect::<Vec<_>>().into_iter().rev() {
            let (head, tail) = word.split_at(cut);
            let long_enough = match head.len() {
                1 => !first && tail.is_empty() && (head == "l" || head == "r"),
                2 => !first || (matches!(head, "oh" | "bv" | "hh") && matches!(tail, "l" | "r")),
                _ => true,
            };
            if long_enough
                && known(head)
                && let Some(mut parts) = rest(tail, false)
            {
                parts.insert(0, head);
                return Some(parts);
            }
        }
        None
    }
    rest(word, true).filter(|parts| parts.len() > 1)
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
        for (role, phrases) in CLEAR.iter().chain(VAGUE) {
            for phrase in *phrases {
                assert_eq!(kind(phrase), Kind::Stem(Some(*role)), "{phrase}: {:?}", words(phrase));
            }
        }
    }
}
