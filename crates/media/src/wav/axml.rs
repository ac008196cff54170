//! The ISRC in a WAV's `axml` chunk (EBU Tech 3352: EBU Core XML with the code as an identifier).

use tonmeister_core::codes::Isrc;

/// The chunk's body.
pub(crate) fn body(isrc: Isrc) -> String {
    format!(
        concat!(
            r#"<?xml version="1.0" encoding="UTF-8"?>"#,
            r#"<ebucore:ebuCoreMain xmlns:dc="http://purl.org/dc/elements/1.1/" "#,
            r#"xmlns:ebucore="urn:ebu:metadata-schema:ebuCore_2012">"#,
            r"<ebucore:coreMetadata>",
            r#"<ebucore:identifier typeLabel="GUID" typeDefinition="Globally Unique Identifier" formatLabel="ISRC" "#,
            r#"formatDefinition="International Standard Recording Code" "#,
            r#"formatLink="http://www.ebu.ch/metadata/cs/ebu_IdentifierTypeCodeCS.xml#3.7">"#,
            r"<dc:identifier>ISRC:{}</dc:identifier>",
            r"</ebucore:identifier></ebucore:coreMetadata></ebucore:ebuCoreMain>"
        ),
        isrc
    )
}

/// The code in a chunk of any program: the first text of an element that begins with `ISRC`.
pub(crate) fn isrc(body: &[u8]) -> Option<Isrc> {
    let text = String::from_utf8_lossy(body);
    text.split('>').skip(1).find_map(|part| {
        let text = part.split('<').next().unwrap_or_default().trim();
        text.get(..4).filter(|begin| begin.eq_ignore_ascii_case("ISRC")).and_then(|_| Isrc::parse(text).ok())
    })
}

/// Whether the chunk holds nothing but the code, so that it may be replaced. Descriptions of objects (the Audio
/// Definition Model) live in a chunk of the same name.
pub(crate) fn only_isrc(body: &[u8]) -> bool {
    isrc(body).is_some() && !String::from_utf8_lossy(body).contains("audioFormatExtended")
}
