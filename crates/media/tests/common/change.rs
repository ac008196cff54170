//! Damage done to files: bytes changed, cut out, put in, cut off.

use proptest::prelude::*;

/// One piece of damage.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Set(prop::sample::Index, u8),
    SetNear(usize, u8),
    Word(usize, u32),
    Cut(prop::sample::Index, usize),
    Insert(prop::sample::Index, Vec<u8>),
    End(prop::sample::Index),
}

/// Any of them, anywhere or near the beginning.
pub(crate) fn change() -> impl Strategy<Value = Change> {
    let index = any::<prop::sample::Index>;
    let extreme = prop_oneof![Just(0), Just(1), Just(u32::MAX), Just(0x7FFF_FFFF), any::<u32>()];
    prop_oneof![
        (index(), any::<u8>()).prop_map(|(at, to)| Change::Set(at, to)),
        (0_usize..200, any::<u8>()).prop_map(|(at, to)| Change::SetNear(at, to)),
        (0_usize..200, extreme).prop_map(|(at, to)| Change::Word(at, to)),
        (index(), 1_usize..300).prop_map(|(at, count)| Change::Cut(at, count)),
        (index(), prop::collection::vec(any::<u8>(), 1..40)).prop_map(|(at, what)| Change::Insert(at, what)),
        index().prop_map(Change::End),
    ]
}

/// Does it.
pub(crate) fn apply(bytes: &mut Vec<u8>, change: &Change) {
    if bytes.is_empty() {
        return;
    }
    let len = bytes.len();
    match change {
        Change::Set(at, to) => bytes[at.index(len)] = *to,
        Change::SetNear(at, to) => bytes[at % len] = *to,
        Change::Word(at, to) => {
            let at = at % len;
            bytes[at..].iter_mut().zip(to.to_le_bytes()).for_each(|(byte, new)| *byte = new);
        }
        Change::Cut(at, count) => {
            let at = at.index(len);
            bytes.drain(at..(at + count).min(len));
        }
        Change::Insert(at, what) => {
            let at = at.index(len);
            bytes.splice(at..at, what.iter().copied());
        }
        Change::End(at) => bytes.truncate(at.index(len)),
    }
}
