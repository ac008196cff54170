//! Who made a song, besides its artists and writers.

/// What somebody did for a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// A guest, named behind `feat.`
    Featured,
    /// Who made this version of somebody else's recording.
    Remixer,
    /// The producer.
    Producer,
    /// The conductor.
    Conductor,
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

impl Part {
    /// All of them.
    pub const ALL: [Part; 9] = [
        Part::Featured,
        Part::Remixer,
        Part::Producer,
        Part::Conductor,
        Part::Arranger,
        Part::Performer,
        Part::Engineer,
        Part::Mixer,
        Part::Mastering,
    ];

    /// Those that an album can name for all its songs.
    pub const OF_ALBUM: [Part; 4] = [Part::Producer, Part::Engineer, Part::Mixer, Part::Mastering];

    /// Its key in the document.
    pub const fn key(self) -> &'static str {
        match self {
            Part::Featured => "featured",
            Part::Remixer => "remixers",
            Part::Producer => "producers",
            Part::Conductor => "conductors",
            Part::Arranger => "arrangers",
            Part::Performer => "performers",
            Part::Engineer => "engineers",
            Part::Mixer => "mixers",
            Part::Mastering => "mastering",
        }
    }
}

/// Names, each with what they did, in order.
pub type Credits = Vec<(Part, String)>;
