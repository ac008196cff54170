//! `desk`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use tonmeister::desk::Recall;
use tonmeister::{DeskAction, SORTS, Spot, Stretched};

/// `desk`.
#[derive(Debug, ClapArgs)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Desk {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Turn controls, each by its address; what is linked with one goes along
    #[command(after_help = "Examples:\n  \
        tonmeister desk set song.toml vocal/fader_db=-3 drums/mute=true\n  \
        tonmeister desk set song.toml gtr-l/fader_db+=0.5 bass/compressor/ratio=3")]
    Set {
        /// The song document; it is changed
        song: PathBuf,
        /// ADDRESS=VALUE, ADDRESS+=VALUE or ADDRESS-=VALUE
        #[arg(required = true, allow_hyphen_values = true)]
        turns: Vec<String>,
    },
    /// Put the state of the desk by, as a scene of the document; in the place of an older one of that id
    Store {
        /// The song document; it is changed
        song: PathBuf,
        /// The scene's id
        scene: String,
        /// The scene's title
        #[arg(long)]
        title: Option<String>,
        #[command(flatten)]
        part: Part,
    },
    /// Bring a scene back, all of it or a part; automation stays
    #[command(after_help = "Examples:\n  \
        tonmeister desk store song.toml monday\n  \
        tonmeister desk recall song.toml monday --strips vocal,drums --only faders,mutes")]
    Recall {
        /// The song document; it is changed
        song: PathBuf,
        /// The scene's id
        scene: String,
        #[command(flatten)]
        part: Part,
    },
    /// Copy a stretch of automation to another place, over what is there
    #[command(after_help = "Examples:\n  \
        tonmeister desk copy song.toml vocal/fader_db vocal/send/delay/level_db --from chorus --to chorus --at 33|1")]
    Copy {
        #[command(flatten)]
        stretch: Stretch,
        /// Where it begins then
        #[arg(long, value_name = "PLACE", allow_negative_numbers = true)]
        at: Spot,
    },
    /// Move a stretch of automation to another place, over what is there; a straight line closes the gap
    Move {
        #[command(flatten)]
        stretch: Stretch,
        /// Where it begins then
        #[arg(long, value_name = "PLACE", allow_negative_numbers = true)]
        at: Spot,
    },
    /// Take a stretch of automation out: a straight line joins what is left
    Cut {
        #[command(flatten)]
        stretch: Stretch,
    },
    /// Make the moves of a stretch larger or smaller, or all of it louder or softer
    Scale {
        #[command(flatten)]
        stretch: Stretch,
        /// Each value times this
        #[arg(long, value_name = "FACTOR", allow_negative_numbers = true, default_value_t = 1.0)]
        by: f64,
        /// And this added, in the control's own unit
        #[arg(long, value_name = "VALUE", allow_negative_numbers = true, default_value_t = 0.0)]
        add: f64,
    },
    /// Leave as few points in a stretch as stay near to it
    Thin {
        #[command(flatten)]
        stretch: Stretch,
        /// How far the lane may be from what it was, in the control's own unit
        #[arg(long, value_name = "ERROR", default_value_t = 0.1)]
        error: f64,
    },
}

/// What of a desk a scene is about.
#[derive(Debug, ClapArgs)]
struct Part {
    /// Only these tracks, buses, VCAs, or master
    #[arg(long, value_name = "IDS", value_delimiter = ',')]
    strips: Option<Vec<String>>,
    /// Only these settings
    #[arg(long, value_name = "SORTS", value_delimiter = ',', value_parser = SORTS.map(|(word, _)| word))]
    only: Option<Vec<String>>,
}

/// A stretch of the automation of some controls.
#[derive(Debug, ClapArgs)]
struct Stretch {
    /// The song document; it is changed
    song: PathBuf,
    /// Controls, by their addresses: `vocal/fader_db`
    #[arg(required = true)]
    controls: Vec<String>,
    /// Where it begins: seconds, 1:23.5, a bar and beat (17|1), a marker or range
    #[arg(long, value_name = "PLACE", allow_negative_numbers = true)]
    from: Spot,
    /// Where it ends; the end of a range
    #[arg(long, value_name = "PLACE", allow_negative_numbers = true)]
    to: Spot,
}

impl Part {
    fn recall(&self) -> Recall {
        let wanted = |word: &str| self.only.as_ref().is_none_or(|only| only.iter().any(|one| one == word));
        let sorts = SORTS.iter().filter(|(word, _)| wanted(word)).map(|(_, sort)| *sort).collect();
        Recall { strips: self.strips.clone(), sorts }
    }
}

impl Stretch {
    fn reshape(&self, how: Stretched) -> (PathBuf, DeskAction) {
        let Stretch { song, controls, from, to } = self;
        let (controls, from, to) = (controls.clone(), from.clone(), to.clone());
        (song.clone(), DeskAction::Reshape { controls, from, to, how })
    }
}

impl Desk {
    /// What the façade is asked for, and of which document.
    pub(crate) fn action(&self) -> (PathBuf, DeskAction) {
        match &self.action {
            Action::Set { song, turns } => (song.clone(), DeskAction::Set(turns.clone())),
            Action::Store { song, scene, title, part } => {
                let (scene, title, what) = (scene.clone(), title.clone(), part.recall());
                (song.clone(), DeskAction::Store { scene, title, what })
            }
            Action::Recall { song, scene, part } => {
                (song.clone(), DeskAction::Recall { scene: scene.clone(), what: part.recall() })
            }
            Action::Copy { stretch, at } => stretch.reshape(Stretched::Copied(at.clone())),
            Action::Move { stretch, at } => stretch.reshape(Stretched::Moved(at.clone())),
            Action::Cut { stretch } => stretch.reshape(Stretched::Cut),
            Action::Scale { stretch, by, add } => stretch.reshape(Stretched::Scaled { by: *by, add: *add }),
            Action::Thin { stretch, error } => stretch.reshape(Stretched::Thinned(*error)),
        }
    }
}
