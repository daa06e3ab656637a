//! Nordic's firmware update packages: a `.zip` with `manifest.json`, init packet and image.
//!
//! Source: the package format of Nordic's nRF5 SDK 11 (as adafruit-nrfutil writes it): the manifest
//! names files for `application`, `bootloader`, `softdevice` or `softdevice_bootloader`.

use std::io::Read;

/// The largest file inside.
const MOST_BYTES: u64 = 4 << 20;

/// One image of a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Image {
    /// The number of its kind on the wire: soft device 1, boot loader 2, application 4.
    pub(crate) kind: u8,
    /// The bytes of each part in the image: soft device, boot loader, application.
    pub(crate) parts: [u32; 3],
    /// The init packet.
    pub(crate) init: Vec<u8>,
    /// The image.
    pub(crate) data: Vec<u8>,
}

/// A package: its images in the order in which they are sent.
#[derive(Clone, Debug)]
pub(crate) struct Package {
    /// The images.
    pub(crate) images: Vec<Image>,
}

/// Manifest key and kind, in the order in which they are sent.
const KINDS: [(&str, u8); 4] = [
    ("softdevice_bootloader", 3),
    ("softdevice", 1),
    ("bootloader", 2),
    ("application", 4),
];

type Archive<'a> = zip::ZipArchive<std::io::Cursor<&'a [u8]>>;

fn file(archive: &mut Archive<'_>, name: &str) -> Result<Vec<u8>, String> {
    let entry = archive
        .by_name(name)
        .map_err(|_| format!("its `{name}` is not there or cannot be read"))?;
    let mut bytes = Vec::new();
    entry
        .take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| format!("its `{name}` is damaged: {error}"))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(format!("its `{name}` is larger than {MOST_BYTES} bytes"));
    }
    Ok(bytes)
}

/// Reads a package.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn parse(bytes: &[u8]) -> Result<Package, String> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes))
        .map_err(|error| format!("the archive is damaged: {error}"))?;
    let manifest = file(&mut archive, "manifest.json")
        .map_err(|_| "it is no Nordic update package: there is no `manifest.json`".to_string())?;
    let manifest: serde_json::Value = serde_json::from_slice(&manifest)
        .map_err(|error| format!("its manifest is damaged: {error}"))?;
    let mut images = Vec::new();
    for (key, kind) in KINDS {
        let Some(entry) = manifest["manifest"].get(key) else {
            continue;
        };
        let named = |field: &str| {
            let name = entry[field].as_str();
            name.ok_or_else(|| format!("its manifest names no `{field}` for {key}"))
        };
        let data = file(&mut archive, named("bin_file")?)?;
        let init = file(&mut archive, named("dat_file")?)?;
        let len = u32::try_from(data.len()).unwrap_or(u32::MAX);
        let parts = match kind {
            1 => [len, 0, 0],
            2 => [0, len, 0],
            4 => [0, 0, len],
            _ => {
                let part = |field: &str| {
                    let number = entry[field].as_u64().and_then(|n| u32::try_from(n).ok());
                    number.ok_or_else(|| format!("its manifest has no `{field}`"))
                };
                [part("sd_size")?, part("bl_size")?, 0]
            }
        };
        let sum: u64 = parts.iter().map(|part| u64::from(*part)).sum();
        if data.is_empty() || sum != data.len() as u64 {
            return Err(format!(
                "its {key} has {} bytes, the manifest says {sum}",
                data.len()
            ));
        }
        images.push(Image {
            kind,
            parts,
            init,
            data,
        });
    }
    if images.is_empty() {
        return Err("its manifest names no image".to_string());
    }
    Ok(Package { images })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A package with an application.
    pub(crate) fn sample(application: &[u8]) -> Vec<u8> {
        use std::io::Write;
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        let manifest = r#"{"manifest":{"application":{"bin_file":"a.bin","dat_file":"a.dat"},"dfu_version":0.5}}"#;
        for (name, bytes) in [
            ("manifest.json", manifest.as_bytes()),
            ("a.bin", application),
            ("a.dat", &[1, 2, 3]),
        ] {
            zip.start_file(name, options).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn applications_are_found() {
        let package = parse(&sample(&[5; 1000])).unwrap();
        assert_eq!(package.images.len(), 1);
        assert_eq!(
            (package.images[0].kind, package.images[0].parts),
            (4, [0, 0, 1000])
        );
        assert!(parse(&sample(&[])).is_err());
    }
}
