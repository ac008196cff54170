//! Where the loudspeaker of a channel stands. Mixing here is mono or stereo ([`Layout`](crate::Layout)); what is only
//! measured may have any channels.

use std::fmt;
use std::str::FromStr;

/// The place of a channel's loudspeaker, as WAV files number them (`dwChannelMask`, bits 0 to 17).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Speaker {
    /// Front left; a lone channel too.
    Left,
    /// Front right.
    Right,
    /// Front center.
    Center,
    /// Low-frequency effects.
    Lfe,
    /// Behind, left. In 5.1 this is where many files put the left surround.
    BackLeft,
    /// Behind, right.
    BackRight,
    /// Between left and center.
    LeftOfCenter,
    /// Between right and center.
    RightOfCenter,
    /// Behind, center.
    BackCenter,
    /// At the side, left.
    SideLeft,
    /// At the side, right.
    SideRight,
    /// Overhead.
    TopCenter,
    /// Above the front, left.
    TopFrontLeft,
    /// Above the front, center.
    TopFrontCenter,
    /// Above the front, right.
    TopFrontRight,
    /// Above the back, left.
    TopBackLeft,
    /// Above the back, center.
    TopBackCenter,
    /// Above the back, right.
    TopBackRight,
    /// Somewhere: the file does not say, and it cannot be guessed.
    Unknown,
}

use Speaker::{
    BackCenter, BackLeft, BackRight, Center, Left, LeftOfCenter, Lfe, Right, RightOfCenter, SideLeft, SideRight,
    TopBackCenter, TopBackLeft, TopBackRight, TopCenter, TopFrontCenter, TopFrontLeft, TopFrontRight, Unknown,
};

/// Every place with its short name, in the order of the bits of a WAV file's mask.
const PLACES: [(Speaker, &str); 18] = [
    (Left, "L"),
    (Right, "R"),
    (Center, "C"),
    (Lfe, "LFE"),
    (BackLeft, "Lb"),
    (BackRight, "Rb"),
    (LeftOfCenter, "Lc"),
    (RightOfCenter, "Rc"),
    (BackCenter, "Cb"),
    (SideLeft, "Ls"),
    (SideRight, "Rs"),
    (TopCenter, "Tc"),
    (TopFrontLeft, "Tfl"),
    (TopFrontCenter, "Tfc"),
    (TopFrontRight, "Tfr"),
    (TopBackLeft, "Tbl"),
    (TopBackCenter, "Tbc"),
    (TopBackRight, "Tbr"),
];

impl Speaker {
    /// The places of so many channels when the file says nothing: what WAV and FLAC files of old mean. `None` where
    /// there is no custom to go by (more than eight).
    pub fn customary(channels: usize) -> Option<&'static [Speaker]> {
        Some(match channels {
            1 => &[Left],
            2 => &[Left, Right],
            3 => &[Left, Right, Center],
            4 => &[Left, Right, SideLeft, SideRight],
            5 => &[Left, Right, Center, SideLeft, SideRight],
            6 => &[Left, Right, Center, Lfe, SideLeft, SideRight],
            7 => &[Left, Right, Center, Lfe, BackCenter, SideLeft, SideRight],
            8 => &[Left, Right, Center, Lfe, BackLeft, BackRight, SideLeft, SideRight],
            _ => return None,
        })
    }

    /// The places that a WAV file's mask names, in the order of its bits; channels beyond its bits are unknown.
    pub fn of_mask(mask: u32, channels: usize) -> Vec<Speaker> {
        let named = PLACES.iter().enumerate().filter(|(bit, _)| mask >> bit & 1 == 1).map(|(_, (place, _))| *place);
        named.chain(std::iter::repeat(Unknown)).take(channels).collect()
    }
}

impl fmt::Display for Speaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PLACES.iter().find(|(place, _)| place == self).map_or("?", |(_, name)| name))
    }
}

impl FromStr for Speaker {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = PLACES.iter().find(|(_, name)| name.eq_ignore_ascii_case(text.trim()));
        found.map(|(place, _)| *place).ok_or_else(|| {
            let names: Vec<&str> = PLACES.iter().map(|(_, name)| *name).collect();
            format!("`{}` is no place of a loudspeaker; known are {}", text.trim(), names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_name_places_in_order() {
        assert_eq!(Speaker::of_mask(0x3F, 6), [Left, Right, Center, Lfe, BackLeft, BackRight]);
        assert_eq!(Speaker::of_mask(0x60F, 6), [Left, Right, Center, Lfe, SideLeft, SideRight]);
        assert_eq!(Speaker::of_mask(0x3, 3), [Left, Right, Unknown]);
        for (bit, (place, name)) in PLACES.iter().enumerate() {
            assert_eq!(Speaker::of_mask(1 << bit, 1), [*place]);
            assert_eq!(name.to_ascii_uppercase().parse(), Ok(*place));
            assert_eq!(place.to_string(), *name);
        }
        assert!("Q".parse::<Speaker>().is_err());
    }
}
