//! What is sung: every note of the lead voice and of the backing voices, with its words.
//!
//! > Low sun, all the water is still, / and we wait by the wall. /
//! > You say the night is only ours, / and the sea is so small.
//! >
//! > Hold my hand, hold my name, / and we'll sail away.
//! >
//! > *Last light ferry, carry me over. / Last light ferry, slow on the water. /
//! > All the lights are calling me home.*
//! >
//! > Rain lines on the window alone, / and we are almost there.

/// One sung note: bar, sixteenth, length in sixteenths, MIDI note, and the syllable in ARPABET signs.
pub(in crate::demo) struct Syllable(
    pub(in crate::demo) usize,
    pub(in crate::demo) usize,
    pub(in crate::demo) usize,
    pub(in crate::demo) u8,
    pub(in crate::demo) &'static str,
);

use Syllable as S;

/// The lead voice.
pub(in crate::demo) const VOCAL: &[S] = &[
    // verse
    S(4, 2, 4, 62, "L OW"),
    S(4, 6, 6, 59, "S AH N"),
    S(4, 14, 2, 55, "AO L"),
    S(5, 0, 2, 59, "DH AH"),
    S(5, 2, 3, 62, "W AO"),
    S(5, 5, 3, 59, "T ER"),
    S(5, 8, 2, 57, "IH Z"),
    S(5, 10, 5, 55, "S T IH L"),
    S(6, 2, 3, 64, "AE N D"),
    S(6, 5, 3, 62, "W IY"),
    S(6, 8, 6, 59, "W EH IH T"),
    S(6, 14, 2, 57, "B AH IH"),
    S(7, 0, 3, 55, "DH AH"),
    S(7, 3, 9, 57, "W AO L"),
    S(8, 2, 4, 62, "Y UW"),
    S(8, 6, 6, 67, "S EH IH"),
    S(8, 14, 2, 64, "DH AH"),
    S(9, 0, 2, 62, "N AH IH T"),
    S(9, 2, 3, 66, "IH Z"),
    S(9, 5, 3, 62, "OW N"),
    S(9, 8, 2, 59, "L IY"),
    S(9, 10, 5, 57, "AA ER Z"),
    S(10, 2, 3, 64, "AE N D"),
    S(10, 5, 3, 62, "DH AH"),
    S(10, 8, 4, 64, "S IY"),
    S(10, 12, 2, 62, "IH Z"),
    S(10, 14, 2, 60, "S OW"),
    S(11, 0, 10, 57, "S M AO L"),
    // rise
    S(12, 0, 4, 60, "HH OW L D"),
    S(12, 4, 4, 62, "M AH IH"),
    S(12, 8, 7, 64, "HH AE N D"),
    S(13, 0, 4, 62, "HH OW L D"),
    S(13, 4, 4, 64, "M AH IH"),
    S(13, 8, 7, 66, "N EH IH M"),
    S(14, 0, 4, 64, "AE N D"),
    S(14, 4, 4, 66, "W IY L"),
    S(14, 8, 8, 67, "S EH IH L"),
    S(15, 0, 8, 67, "AH"),
    S(15, 8, 6, 66, "W EH IH"),
    // chorus
    S(16, 0, 6, 67, "L AE S T"),
    S(16, 6, 4, 64, "L AH IH T"),
    S(16, 10, 2, 62, "F EH"),
    S(16, 12, 3, 64, "R IY"),
    S(17, 0, 3, 66, "K AE"),
    S(17, 3, 3, 64, "R IY"),
    S(17, 6, 4, 62, "M IY"),
    S(17, 10, 2, 64, "OW"),
    S(17, 12, 4, 57, "V ER"),
    S(18, 0, 6, 66, "L AE S T"),
    S(18, 6, 4, 62, "L AH IH T"),
    S(18, 10, 2, 59, "F EH"),
    S(18, 12, 3, 62, "R IY"),
    S(19, 0, 3, 64, "S L OW"),
    S(19, 3, 3, 66, "AO N"),
    S(19, 6, 4, 67, "DH AH"),
    S(19, 10, 2, 66, "W AO"),
    S(19, 12, 3, 64, "T ER"),
    S(20, 0, 3, 60, "AO L"),
    S(20, 3, 3, 62, "DH AH"),
    S(20, 6, 4, 64, "L AH IH T S"),
    S(20, 10, 6, 67, "AA"),
    S(21, 0, 6, 69, "K AO L"),
    S(21, 6, 4, 67, "IH NG"),
    S(21, 10, 6, 63, "M IY"),
    S(22, 0, 12, 62, "HH OW M"),
    // verse 2
    S(24, 2, 4, 62, "R EH IH N"),
    S(24, 6, 6, 67, "L AH IH N Z"),
    S(24, 14, 2, 64, "AO N"),
    S(25, 0, 2, 64, "DH AH"),
    S(25, 2, 3, 62, "W IH N"),
    S(25, 5, 3, 59, "D OW"),
    S(25, 8, 2, 57, "AH"),
    S(25, 10, 4, 59, "L OW N"),
    S(26, 2, 3, 64, "AE N D"),
    S(26, 5, 3, 62, "W IY"),
    S(26, 8, 4, 64, "AA"),
    S(26, 12, 2, 62, "AO L"),
    S(26, 14, 2, 59, "M OW S T"),
    S(27, 0, 8, 57, "DH EH"),
    // bridge
    S(28, 0, 12, 67, "UW"),
    S(28, 12, 4, 65, "UW"),
    S(29, 0, 12, 65, "AA"),
    S(29, 12, 4, 62, "AA"),
    S(30, 0, 8, 63, "OW"),
    S(30, 8, 4, 65, "OW"),
    S(30, 12, 4, 67, "OW"),
    S(31, 0, 8, 67, "AA"),
    S(31, 8, 7, 69, "AA"),
    // last chorus
    S(32, 0, 6, 67, "L AE S T"),
    S(32, 6, 4, 64, "L AH IH T"),
    S(32, 10, 2, 62, "F EH"),
    S(32, 12, 3, 64, "R IY"),
    S(33, 0, 3, 66, "K AE"),
    S(33, 3, 3, 64, "R IY"),
    S(33, 6, 4, 62, "M IY"),
    S(33, 10, 2, 64, "OW"),
    S(33, 12, 4, 57, "V ER"),
    S(34, 0, 6, 66, "L AE S T"),
    S(34, 6, 4, 62, "L AH IH T"),
    S(34, 10, 2, 59, "F EH"),
    S(34, 12, 3, 62, "R IY"),
    S(35, 0, 3, 64, "S L OW"),
    S(35, 3, 3, 66, "AO N"),
    S(35, 6, 4, 67, "DH AH"),
    S(35, 10, 2, 66, "W AO"),
    S(35, 12, 3, 64, "T ER"),
    S(36, 0, 3, 60, "AO L"),
    S(36, 3, 3, 62, "DH AH"),
    S(36, 6, 4, 64, "L AH IH T S"),
    S(36, 10, 6, 67, "AA"),
    S(37, 0, 6, 69, "K AO L"),
    S(37, 6, 4, 67, "IH NG"),
    S(37, 10, 6, 63, "M IY"),
    S(38, 0, 8, 62, "HH OW M"),
    S(38, 10, 6, 67, "HH OW"),
    S(39, 0, 12, 69, "OW M"),
    // outro
    S(40, 2, 3, 67, "K AE"),
    S(40, 5, 3, 64, "R IY"),
    S(40, 8, 4, 62, "M IY"),
    S(40, 12, 10, 59, "HH OW M"),
    S(42, 2, 3, 67, "K AE"),
    S(42, 5, 3, 64, "R IY"),
    S(42, 8, 6, 62, "M IY"),
    S(43, 0, 16, 63, "HH OW"),
    S(44, 0, 18, 62, "OW M"),
];

/// The upper backing part.
pub(in crate::demo) const HIGH: &[S] = &[
    // rise
    S(12, 0, 15, 67, "UW"),
    S(13, 0, 15, 69, "UW"),
    S(14, 0, 16, 71, "UW"),
    S(15, 0, 14, 69, "AA"),
    // chorus
    S(16, 0, 16, 71, "AA"),
    S(17, 0, 14, 69, "AA"),
    S(18, 0, 16, 69, "AA"),
    S(19, 0, 14, 71, "AA"),
    S(20, 0, 16, 71, "AA"),
    S(21, 0, 16, 72, "AA"),
    S(22, 0, 10, 71, "HH OW M"),
    S(23, 8, 3, 69, "OW"),
    S(23, 11, 4, 74, "OW"),
    // verse 2
    S(26, 0, 15, 71, "UW"),
    S(27, 8, 7, 69, "AA"),
    // bridge
    S(28, 0, 16, 70, "UW"),
    S(29, 0, 16, 70, "AA"),
    S(30, 0, 16, 72, "OW"),
    S(31, 0, 15, 69, "AA"),
    // last chorus: with the words where the hook falls
    S(32, 0, 6, 71, "L AE S T"),
    S(32, 6, 4, 67, "L AH IH T"),
    S(32, 10, 2, 67, "F EH"),
    S(32, 12, 3, 67, "R IY"),
    S(33, 0, 14, 69, "AA"),
    S(34, 0, 6, 69, "L AE S T"),
    S(34, 6, 4, 66, "L AH IH T"),
    S(34, 10, 2, 66, "F EH"),
    S(34, 12, 3, 66, "R IY"),
    S(35, 0, 14, 71, "AA"),
    S(36, 0, 16, 71, "AA"),
    S(37, 0, 16, 72, "AA"),
    S(38, 0, 10, 71, "HH OW M"),
    S(39, 0, 8, 72, "OW"),
    S(39, 8, 7, 69, "OW"),
    // outro
    S(40, 0, 15, 71, "UW"),
    S(42, 0, 16, 71, "UW"),
    S(43, 0, 16, 72, "UW"),
    S(44, 0, 16, 71, "UW"),
];

/// The lower backing part.
pub(in crate::demo) const LOW: &[S] = &[
    // rise
    S(12, 0, 15, 64, "UW"),
    S(13, 0, 15, 62, "UW"),
    S(14, 0, 16, 64, "UW"),
    S(15, 0, 8, 62, "AA"),
    S(15, 8, 6, 62, "AA"),
    // chorus
    S(16, 0, 16, 60, "AA"),
    S(17, 0, 14, 62, "AA"),
    S(18, 0, 16, 59, "AA"),
    S(19, 0, 14, 59, "AA"),
    S(20, 0, 16, 60, "AA"),
    S(21, 0, 16, 60, "AA"),
    S(22, 0, 10, 59, "HH OW M"),
    S(23, 8, 3, 66, "OW"),
    S(23, 11, 4, 69, "OW"),
    // verse 2
    S(26, 0, 15, 67, "UW"),
    S(27, 8, 7, 66, "AA"),
    // bridge
    S(28, 0, 16, 63, "UW"),
    S(29, 0, 16, 62, "AA"),
    S(30, 0, 16, 63, "OW"),
    S(31, 0, 15, 62, "AA"),
    // last chorus
    S(32, 0, 6, 64, "L AE S T"),
    S(32, 6, 4, 60, "L AH IH T"),
    S(32, 10, 2, 59, "F EH"),
    S(32, 12, 3, 60, "R IY"),
    S(33, 0, 14, 62, "AA"),
    S(34, 0, 6, 62, "L AE S T"),
    S(34, 6, 4, 59, "L AH IH T"),
    S(34, 10, 2, 57, "F EH"),
    S(34, 12, 3, 59, "R IY"),
    S(35, 0, 14, 59, "AA"),
    S(36, 0, 16, 60, "AA"),
    S(37, 0, 16, 60, "AA"),
    S(38, 0, 10, 59, "HH OW M"),
    S(39, 0, 8, 67, "OW"),
    S(39, 8, 7, 66, "OW"),
    // outro
    S(40, 0, 15, 62, "UW"),
    S(42, 0, 16, 64, "UW"),
    S(43, 0, 16, 67, "UW"),
    S(44, 0, 16, 67, "UW"),
];

#[cfg(test)]
mod tests {
    use super::{HIGH, LOW, VOCAL};
    use crate::demo::instruments::phones::{consonant_of, vowel_of};

    #[test]
    fn every_sign_that_is_sung_is_known_and_every_syllable_has_its_vowel() {
        for syllable in VOCAL.iter().chain(HIGH).chain(LOW) {
            let signs: Vec<&str> = syllable.4.split(' ').collect();
            let vowels = signs.iter().filter(|s| vowel_of(s).is_some()).count();
            assert!((1..=2).contains(&vowels), "{}", syllable.4);
            for sign in signs {
                assert_ne!(vowel_of(sign).is_some(), !consonant_of(sign).is_empty(), "{sign}");
            }
        }
    }

    #[test]
    fn nobody_sings_two_notes_at_once() {
        for part in [VOCAL, HIGH, LOW] {
            for pair in part.windows(2) {
                let end = pair[0].0 * 16 + pair[0].1 + pair[0].2;
                assert!(end <= pair[1].0 * 16 + pair[1].1, "bar {}", pair[1].0);
            }
        }
    }
}
