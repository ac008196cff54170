//! Markers in WAV: the `cue ` chunk for places, `LIST`-`adtl` for their names and lengths (Microsoft and IBM,
//! *Multimedia Programming Interface and Data Specifications* 1.0, 1991).

use crate::input::{array, text};
use crate::tags::Marker;

/// No sane file has more markers.
const MOST: usize = 65_536;

/// The body of `cue `. Frames beyond 32 bits are not marked (`Tags::check` refuses them).
pub(crate) fn cue(markers: &[Marker]) -> Vec<u8> {
    let points: Vec<(u32, u32)> = numbered(markers).map(|(id, frame, _)| (id, frame)).collect();
    let mut out = (points.len() as u32).to_le_bytes().to_vec();
    for (id, frame) in points {
        out.extend_from_slice(&id.to_le_bytes());
        out.extend_from_slice(&frame.to_le_bytes());
        out.extend_from_slice(b"data");
        out.extend_from_slice(&[0; 8]);
        out.extend_from_slice(&frame.to_le_bytes());
    }
    out
}

/// The body of the `LIST` of names, `adtl` included.
pub(crate) fn adtl(markers: &[Marker]) -> Vec<u8> {
    let mut out = b"adtl".to_vec();
    for (id, _, marker) in numbered(markers) {
        if !marker.label.is_empty() {
            let label = [id.to_le_bytes().as_slice(), marker.label.as_bytes(), &[0]].concat();
            out.extend(super::chunks::chunk(*b"labl", &label));
        }
        if marker.length > 0 {
            let length = u32::try_from(marker.length).unwrap_or(u32::MAX);
            // A region; country, language, dialect and code page are not said.
            let region = [id.to_le_bytes().as_slice(), &length.to_le_bytes(), b"rgn ", &[0; 8]].concat();
            out.extend(super::chunks::chunk(*b"ltxt", &region));
        }
    }
    out
}

/// Numbers from 1, and frames.
fn numbered(markers: &[Marker]) -> impl Iterator<Item = (u32, u32, &Marker)> {
    let places = markers.iter().filter_map(|marker| Some((u32::try_from(marker.frame).ok()?, marker)));
    (1_u32..).zip(places).map(|(id, (frame, marker))| (id, frame, marker))
}

/// Puts the places of `cue ` and the names of `adtl` (its body without the four letters) together.
pub(crate) fn markers(cue: &[u8], adtl: &[u8]) -> Vec<Marker> {
    let count = array(cue, 0).map_or(0, u32::from_le_bytes) as usize;
    let mut found: Vec<(u32, Marker)> = cue
        .get(4..)
        .unwrap_or_default()
        .chunks_exact(24)
        .take(count.min(MOST))
        .filter_map(|point| {
            let id = u32::from_le_bytes(array(point, 0)?);
            let frame = u64::from(u32::from_le_bytes(array(point, 20)?));
            Some((id, Marker { frame, length: 0, label: String::new() }))
        })
        .collect();
    let order: std::collections::HashMap<u32, usize> =
        found.iter().enumerate().rev().map(|(place, (id, _))| (*id, place)).collect();
    for (name, body) in super::chunks::inside(adtl) {
        let id = array(body, 0).map(u32::from_le_bytes);
        let Some((_, marker)) = id.and_then(|id| order.get(&id)).and_then(|place| found.get_mut(*place)) else {
            continue;
        };
        match &name {
            b"labl" => marker.label = text(body.get(4..).unwrap_or_default()),
            b"ltxt" => marker.length = array(body, 4).map_or(0, u32::from_le_bytes).into(),
            _ => {}
        }
    }
    found.into_iter().map(|(_, marker)| marker).collect()
}
