//! Checksums: not part of the format, and in a different file from every writer.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use tonmeister_core::Diagnostic;

use super::fileset::Fileset;
use crate::error::ReleaseError;

/// Lists larger than this are none.
const LARGEST: u64 = 1 << 16;

/// A file and what its bytes come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSum {
    /// Its name.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// Its MD5 in hexadecimal digits.
    pub md5: String,
    /// Its CRC-32, as zip's.
    pub crc32: u32,
}

/// What reading every file has shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// Every file that the map names, and the two that have fixed names.
    pub files: Vec<FileSum>,
    /// Errors where a checksum is wrong, a warning where there is none.
    pub findings: Vec<Diagnostic>,
}

pub(super) fn verify(fileset: &Fileset) -> Result<Verified, ReleaseError> {
    let mut files = Vec::new();
    for name in &fileset.files {
        files.push(sum(&fileset.folder, name)?);
    }
    let mut findings = Vec::new();
    let lists = lists(&fileset.folder)?;
    for file in &files {
        let own = lists.iter().filter(|(_, name, _)| name.eq_ignore_ascii_case(&file.name));
        let mut listed = false;
        for (list, _, stated) in own {
            listed = true;
            let right = match stated {
                Stated::Md5(sum) => sum.eq_ignore_ascii_case(&file.md5),
                Stated::Crc32(sum) => *sum == file.crc32,
            };
            if !right {
                let message = format!("{} is not the file that {list} was made of: its checksum differs", file.name);
                findings.push(Diagnostic::error("ddp-checksum", message).help("copy the fileset again"));
            }
        }
        if !listed {
            let message = format!("no checksum of {} stands in the folder", file.name);
            let help = "ask for a list of checksums, or compare with the fileset at its maker's";
            findings.push(Diagnostic::warning("ddp-no-checksum", message).help(help));
        }
    }
    for (list, name, _) in &lists {
        if !fileset.folder.join(name).is_file() && !files.iter().any(|f| f.name.eq_ignore_ascii_case(name)) {
            let message = format!("{list} names {name}, which is not there");
            findings.push(Diagnostic::error("ddp-file-missing", message).help("copy the fileset again"));
        }
    }
    Ok(Verified { files, findings })
}

/// MD5 and CRC-32 in one pass.
fn sum(folder: &Path, name: &str) -> Result<FileSum, ReleaseError> {
    let path = folder.join(name);
    let io = |e| ReleaseError::io(&path, "read", e);
    let mut file = File::open(&path).map_err(io)?;
    let (mut md5, mut crc, mut bytes) = (md5::Context::new(), crc32fast::Hasher::new(), 0);
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer).map_err(io)?;
        if read == 0 {
            break;
        }
        md5.consume(&buffer[..read]);
        crc.update(&buffer[..read]);
        bytes += read as u64;
    }
    Ok(FileSum { name: name.to_owned(), bytes, md5: format!("{:x}", md5.finalize()), crc32: crc.finalize() })
}

/// What a list says of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Stated {
    Md5(String),
    Crc32(u32),
}

/// Every line of every list in the folder: the list's name, the file's, and its sum.
fn lists(folder: &Path) -> Result<Vec<(String, String, Stated)>, ReleaseError> {
    let io = |e| ReleaseError::io(folder, "read", e);
    let mut names: Vec<String> = Vec::new();
    for entry in fs::read_dir(folder).map_err(io)? {
        names.extend(entry.map_err(io)?.file_name().into_string());
    }
    names.sort();
    let mut all = Vec::new();
    for list in names {
        let lower = list.to_ascii_lowercase();
        if Path::new(&lower).extension().is_none_or(|e| e != "md5") && lower != "checksum.txt" {
            continue;
        }
        let path = folder.join(&list);
        let mut bytes = Vec::new();
        let file = File::open(&path).map_err(|e| ReleaseError::io(&path, "read", e))?;
        file.take(LARGEST).read_to_end(&mut bytes).map_err(|e| ReleaseError::io(&path, "read", e))?;
        all.extend(parse_list(&bytes).into_iter().map(|(name, stated)| (list.clone(), name, stated)));
    }
    Ok(all)
}

/// The files and checksums that a list names: `<32 digits> *<name>` as md5sum writes, `<name>=<8 digits>` for CRC-32. Other
/// lines are comments.
pub fn checksums(list: &[u8]) -> Vec<(String, String)> {
    let shown = |stated| match stated {
        Stated::Md5(sum) => sum,
        Stated::Crc32(sum) => format!("{sum:08X}"),
    };
    parse_list(list).into_iter().map(|(name, stated)| (name, shown(stated))).collect()
}

fn parse_list(list: &[u8]) -> Vec<(String, Stated)> {
    let text = String::from_utf8_lossy(list);
    let text = text.trim_start_matches('\u{FEFF}');
    text.lines().filter_map(|line| line_of_list(line.trim())).collect()
}

fn line_of_list(line: &str) -> Option<(String, Stated)> {
    let hexadecimal = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
    // Names stay in the folder.
    let name = |name: &str| {
        let name = name.trim().trim_start_matches('*').trim_start_matches("./").trim_start_matches(".\\");
        (!name.is_empty() && !name.contains(['/', '\\'])).then(|| name.to_owned())
    };
    if let Some((sum, rest)) = line.split_at_checked(32).filter(|(sum, _)| hexadecimal(sum)) {
        return rest.starts_with([' ', '\t']).then(|| name(rest))?.map(|name| (name, Stated::Md5(sum.to_owned())));
    }
    let (file, sum) = line.split_once('=')?;
    let sum = Some(sum.trim()).filter(|s| s.len() == 8 && hexadecimal(s))?;
    Some((name(file)?, Stated::Crc32(u32::from_str_radix(sum, 16).ok()?)))
}
