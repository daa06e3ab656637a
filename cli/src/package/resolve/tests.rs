use std::collections::HashMap;

use super::*;
use crate::package::sha256;

#[derive(Default)]
struct Fake(HashMap<String, Vec<u8>>);

impl Fake {
    fn with(pages: &[(&str, &str)]) -> Self {
        let page = |&(url, text): &(&str, &str)| (url.to_string(), text.as_bytes().to_vec());
        Self(pages.iter().map(page).collect())
    }
}

impl Source for Fake {
    fn document(&self, url: &str, _accept: &'static str) -> Result<Option<Vec<u8>>> {
        Ok(self.0.get(url).cloned())
    }

    fn files(&self, wanted: &[Wanted]) -> Result<Vec<Vec<u8>>> {
        wanted
            .iter()
            .map(|one| {
                let found = self.0.get(&one.url).cloned();
                found.ok_or_else(|| Error::new(Code::PackageNotFound, one.url.clone()))
            })
            .collect()
    }

    fn local(&self, path: &Path) -> Result<Option<Vec<u8>>> {
        let path = path.display().to_string();
        match self.0.get(&path) {
            Some(bytes) => Ok(Some(bytes.clone())),
            None if self
                .0
                .keys()
                .any(|key| key.starts_with(&format!("{path}/"))) =>
            {
                Ok(None)
            }
            None => Err(Error::new(Code::NotFound, path)),
        }
    }

    fn folder(&self, path: &Path) -> Result<Vec<String>> {
        let start = format!("{}/", path.display());
        let inside = |key: &String| key.strip_prefix(&start).map(str::to_string);
        let mut names: Vec<String> = self.0.keys().filter_map(inside).collect();
        names.sort();
        Ok(names)
    }
}

fn settings() -> Settings {
    Settings {
        indexes: vec!["i".to_string()],
        pypi: "https://p".to_string(),
        form: "6".to_string(),
        environment: Environment::default(),
        mip_only: false,
        pins_commits: false,
        preferred: BTreeMap::new(),
        bundles: vec!["b/My_Bundle".to_string()],
        circuitpython: None,
        exclude_newer: None,
        firmware: String::new(),
    }
}

fn resolve(source: &Fake, texts: &[&str]) -> Result<Resolution> {
    let settings = settings();
    let mut resolver = Resolver::new(source, &settings);
    for text in texts {
        resolver.add(&Spec::parse(text)?)?;
    }
    resolver.finish()
}

fn names(resolution: &Resolution) -> Vec<String> {
    let name = |package: &Package| format!("{} {}", package.name, package.version);
    resolution.packages.iter().map(name).collect()
}

fn code(source: &Fake, text: &str) -> &'static str {
    resolve(source, &[text]).unwrap_err().code().text()
}

const CATALOGUE: &str = r#"{"v":2,"packages":[
    {"name":"umqtt.simple","version":"1.8","versions":{"6":["1.7","1.8"],"py":["1.7","1.8"]}},
    {"name":"urequests","version":"0.8","versions":{"6":["0.8"]}}]}"#;

fn index() -> Fake {
    Fake::with(&[
        ("i/index.json", CATALOGUE),
        (
            "i/package/6/umqtt.simple/latest.json",
            r#"{"version":"1.8","hashes":[["umqtt/simple.mpy","abcd1234"]]}"#,
        ),
        (
            "i/package/6/umqtt.simple/1.8.json",
            r#"{"version":"1.8","hashes":[["umqtt/simple.mpy","abcd1234"]]}"#,
        ),
        (
            "i/package/6/umqtt.simple/1.7.json",
            r#"{"version":"1.7","hashes":[]}"#,
        ),
        (
            "i/package/6/urequests/latest.json",
            r#"{"version":"0.8","hashes":[["urequests.mpy","abcd1234"]]}"#,
        ),
        ("i/file/ab/abcd1234", "content"),
    ])
}

#[test]
fn index_names_are_found_however_they_are_spelt() {
    for text in [
        "umqtt.simple",
        "umqtt-simple",
        "mip:UMQTT_simple",
        "umqtt.simple>=1.8",
    ] {
        let resolution = resolve(&index(), &[text]).unwrap();
        assert_eq!(names(&resolution), ["umqtt.simple 1.8"], "{text}");
        assert_eq!(
            resolution.packages[0].files[0].content,
            Content::Bytes(b"content".to_vec())
        );
        assert!(resolution.packages[0].requested);
    }
    let resolution = resolve(&index(), &["umqtt.simple<1.8"]).unwrap();
    assert_eq!(names(&resolution), ["umqtt.simple 1.7"]);
    let error = resolve(&index(), &["umqtt.simple@3"]).unwrap_err();
    assert!(error.hints()[0].contains("1.7, 1.8"), "{error:?}");
    let error = resolve(&index(), &["umqtt.simpel"]).unwrap_err();
    assert!(error.hints()[0].contains("umqtt.simple"), "{error:?}");
}

#[test]
fn names_that_live_elsewhere_are_explained() {
    let resolution = resolve(&index(), &["micropython-requests"]).unwrap();
    assert_eq!(names(&resolution), ["urequests 0.8"]);
    assert_eq!(
        resolution.notes,
        [
            "`micropython-requests` on PyPI is an empty placeholder; installing `urequests` 0.8 from micropython-lib"
        ]
    );
    assert_eq!(code(&index(), "micropython-uasyncio"), "built_in");
    assert_eq!(code(&index(), "micropython-ssd1306"), "ambiguous_package");
    assert_eq!(code(&index(), "nothing"), "package_not_found");
}

#[test]
fn cycles_and_malformed_dependencies_err() {
    let package = |dependency: &str| format!(r#"{{"urls":[],"deps":[{dependency}]}}"#);
    let base = "https://h/";
    let source = |one: &str, two: &str| {
        Fake::with(&[
            (&format!("{base}a/package.json"), &package(one)),
            (&format!("{base}b/package.json"), &package(two)),
        ])
    };
    let circle = source(r#"["https://h/b",""]"#, r#"["https://h/a",""]"#);
    let error = resolve(&circle, &["https://h/a"]).unwrap_err();
    assert_eq!(error.code(), Code::DependencyCycle);
    assert!(
        error.message().contains("b/package.json` → `https://h/a"),
        "{error}"
    );
    assert_eq!(code(&source(r#""x""#, ""), "https://h/a"), "bad_package");
    assert_eq!(
        code(&source(r#"["./local.py",""]"#, ""), "https://h/a"),
        "bad_package"
    );
    let error = resolve(
        &source(r#"["https://h/b",""]"#, r#"["https://h/c",""]"#),
        &["https://h/a"],
    );
    assert!(
        error
            .unwrap_err()
            .hints()
            .iter()
            .any(|hint| hint.contains(" → "))
    );
}

#[test]
fn shared_dependency_is_taken_once() {
    let diamond = Fake::with(&[
        (
            "https://h/a/package.json",
            r#"{"deps":[["https://h/b",""],["https://h/c",""]]}"#,
        ),
        (
            "https://h/b/package.json",
            r#"{"deps":[["https://h/d.py",""]]}"#,
        ),
        (
            "https://h/c/package.json",
            r#"{"deps":[["https://h/d.py",""]]}"#,
        ),
        ("https://h/d.py", "x = 1"),
    ]);
    let resolution = resolve(&diamond, &["https://h/a"]).unwrap();
    assert_eq!(names(&resolution), ["d ", "b ", "c ", "a "]);
    let requested: Vec<bool> = resolution
        .packages
        .iter()
        .map(|package| package.requested)
        .collect();
    assert_eq!(requested, [false, false, false, true]);
}

#[test]
fn local_packages_are_read_from_disk() {
    let source = Fake::with(&[
        (
            "lib/p/package.json",
            r#"{"version":"3","urls":[["p/__init__.py","src/p.py"]],"deps":[["./q.py",""]]}"#,
        ),
        ("lib/p/src/p.py", "p"),
        ("lib/p/./q.py", "q"),
    ]);
    let resolution = resolve(&source, &["./lib/p".trim_start_matches("./")]).unwrap();
    assert_eq!(resolution.packages[0].files[0].path, "q.py");
    assert_eq!(resolution.packages[1].version, "3");
    assert_eq!(
        resolution.packages[1].files[0].content,
        Content::Bytes(b"p".to_vec())
    );
    assert_eq!(code(&source, "./missing.py"), "not_found");
}

fn tar_gz(entries: &[(&str, &str)]) -> Vec<u8> {
    let gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut builder = tar::Builder::new(gz);
    for (name, text) in entries {
        let mut header = tar::Header::new_ustar();
        header.set_size(text.len() as u64);
        builder
            .append_data(&mut header, name, text.as_bytes())
            .unwrap();
    }
    builder.into_inner().unwrap().finish().unwrap()
}

#[test]
fn pypi_gives_only_what_is_made_for_boards() {
    let mut source = index();
    let mut publish = |name: &str, entries: &[(&str, &str)]| {
        let bytes = tar_gz(entries);
        let page = format!(
            r#"{{"files":[{{"filename":"{name}-1.tar.gz","url":"f/{name}","hashes":{{"sha256":"{}"}}}}]}}"#,
            sha256(&bytes)
        );
        source
            .0
            .insert(format!("https://p/{name}/"), page.into_bytes());
        source.0.insert(format!("https://p/{name}/f/{name}"), bytes);
    };
    publish("untangle", &[("u-1/setup.py", ""), ("u-1/untangle.py", "")]);
    publish("micropython-empty", &[("m-1/m.egg-info/PKG-INFO", "")]);
    publish(
        "micropython-good",
        &[
            ("g-1/good.py", ""),
            ("g-1/g.egg-info/requires.txt", "umqtt.simple\n"),
        ],
    );
    assert_eq!(code(&source, "untangle"), "not_for_boards");
    assert_eq!(
        names(&resolve(&source, &["pypi:untangle"]).unwrap()),
        ["untangle 1"]
    );
    assert_eq!(code(&source, "micropython-empty"), "placeholder");
    let resolution = resolve(&source, &["micropython-good"]).unwrap();
    assert_eq!(
        names(&resolution),
        ["umqtt.simple 1.8", "micropython-good 1"]
    );
    assert_eq!(resolution.packages[1].dependencies, ["umqtt.simple"]);
}

#[test]
fn distances_count_letters() {
    assert_eq!(distance("requests", "request"), 1);
    assert_eq!(distance("abc", "cba"), 2);
    assert_eq!(distance("", "ab"), 2);
}

/// Releases of packages that need other packages: name, version, lines of `requires.txt`.
fn releases(list: &[(&str, &str, &str)]) -> Fake {
    let mut source = index();
    let mut pages: HashMap<&str, Vec<String>> = HashMap::new();
    for (name, version, needs) in list {
        let top = format!("{name}-{version}");
        let (code, info) = (
            format!("{top}/{name}.py"),
            format!("{top}/x.egg-info/requires.txt"),
        );
        let bytes = tar_gz(&[(&code, ""), (&info, needs)]);
        let file = format!(
            r#"{{"filename":"{top}.tar.gz","url":"f/{top}","hashes":{{"sha256":"{}"}}}}"#,
            sha256(&bytes)
        );
        pages.entry(name).or_default().push(file);
        source.0.insert(format!("https://p/{name}/f/{top}"), bytes);
    }
    for (name, files) in pages {
        let page = format!(r#"{{"files":[{}]}}"#, files.join(","));
        source
            .0
            .insert(format!("https://p/{name}/"), page.into_bytes());
    }
    source
}

fn solved(source: &Fake, texts: &[&str]) -> Result<Vec<String>> {
    let settings = settings();
    let roots: Vec<Root> = texts
        .iter()
        .map(|text| Root::plain(Spec::parse(text).unwrap()))
        .collect();
    let mut found = names(&solve(source, &settings, &roots)?);
    found.sort();
    Ok(found)
}

#[test]
fn versions_are_chosen_that_everybody_wants() {
    let list = [
        ("x", "1.0", ""),
        ("x", "1.5", ""),
        ("x", "2.0", ""),
        ("a", "1", "x>=1\n"),
        ("b", "1", "x<2\n"),
        ("c", "1", "x<2\n"),
        ("c", "2", "x>=2\n"),
        ("d", "1", "c>=1\nb\n"),
    ];
    let source = releases(&list);
    let found = |texts: &[&str]| solved(&source, texts).unwrap();
    assert_eq!(found(&["pypi:a"]), ["a 1", "x 2.0"]);
    assert_eq!(found(&["pypi:a", "pypi:b"]), ["a 1", "b 1", "x 1.5"]);
    assert_eq!(found(&["pypi:b", "pypi:a"]), ["a 1", "b 1", "x 1.5"]);
    // The newest `c` wants what `b` does not; the older one gives way.
    assert_eq!(found(&["pypi:c", "pypi:b"]), ["b 1", "c 1", "x 1.5"]);
    assert_eq!(found(&["pypi:d"]), ["b 1", "c 1", "d 1", "x 1.5"]);
    assert_eq!(found(&["pypi:c", "pypi:x==2.0"]), ["c 2", "x 2.0"]);
    assert_eq!(found(&["pypi:x==1.0", "pypi:a"]), ["a 1", "x 1.0"]);
}

#[test]
fn conflict_says_who_wants_what() {
    let source = releases(&[
        ("x", "1.0", ""),
        ("x", "2.0", ""),
        ("a", "1", "x>=2\n"),
        ("b", "1", "x<2\n"),
    ]);
    for texts in [["pypi:a", "pypi:b"], ["pypi:b", "pypi:a"]] {
        let error = solved(&source, &texts).unwrap_err();
        assert_eq!(error.code(), Code::Conflict);
        let text = format!("{} {}", error.message(), error.hints().join(" "));
        for word in ["`a` → `x`", "`b` → `x`", "1.0, 2.0"] {
            assert!(text.contains(word), "{word}: {text}");
        }
    }
    let error = solved(&source, &["pypi:a", "pypi:x<2"]).unwrap_err();
    assert_eq!(error.code(), Code::Conflict);
}

#[test]
fn lock_is_kept_where_it_fits() {
    let source = releases(&[("x", "1.0", ""), ("x", "2.0", ""), ("a", "1", "x>=1\n")]);
    let mut settings = settings();
    let kept = Locked {
        name: "x".to_string(),
        version: "1.0".to_string(),
        source: "pypi".to_string(),
        ..Locked::default()
    };
    settings.preferred.insert("x".to_string(), kept);
    for (text, expected) in [("pypi:a", ["x 1.0", "a 1"]), ("pypi:x>=2", ["x 2.0", ""])] {
        let roots = [Root::plain(Spec::parse(text).unwrap())];
        let found = names(&solve(&source, &settings, &roots).unwrap());
        let expected: Vec<&str> = expected.into_iter().filter(|one| !one.is_empty()).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn folders_give_their_modules() {
    let source = Fake::with(&[
        ("plain/a.py", "a"),
        ("plain/b/__init__.py", "b"),
        ("plain/b/data.bin", "1"),
        ("plain/tests/test_a.py", "no"),
        ("plain/README.md", "no"),
        (
            "plain/pyproject.toml",
            "[project]\nversion = \"7\"\n[tool.ucli.dependencies]\nc = { path = \"../c\" }\n",
        ),
        ("plain/../c/src/c.py", "c"),
        ("plain/../c/setup.py", "no"),
        ("whole/__init__.py", ""),
        ("whole/x/y.py", ""),
        ("empty/README.md", ""),
    ]);
    let spec = |text: &str| Spec::Local(text.to_string());
    let settings = settings();
    let all = |text: &str| {
        let mut resolver = Resolver::new(&source, &settings);
        resolver.add(&spec(text)).map(|_| resolver.resolution)
    };
    let resolution = all("plain").unwrap();
    let paths = |at: usize| -> Vec<&str> {
        let package: &Package = &resolution.packages[at];
        package.files.iter().map(|one| one.path.as_str()).collect()
    };
    assert_eq!(paths(0), ["c.py"]);
    assert_eq!(paths(1), ["a.py", "b/__init__.py", "b/data.bin"]);
    assert_eq!(resolution.packages[1].version, "7");
    assert_eq!(resolution.packages[1].dependencies, ["c"]);
    let resolution = all("whole").unwrap();
    let paths: Vec<&str> = resolution.packages[0]
        .files
        .iter()
        .map(|one| one.path.as_str())
        .collect();
    assert_eq!(paths, ["whole/__init__.py", "whole/x/y.py"]);
    assert_eq!(all("empty").unwrap_err().code(), Code::BadPackage);
}

#[test]
fn manifests_of_folders_are_read_and_not_run() {
    let manifest = "metadata(version='3')\nrequire('umqtt.simple')\nmodule('m.py')\n\
                    package('p', files=('x.py',), base_path='..')\nfreeze('f')\n";
    let mut source = index();
    for (path, text) in [
        ("d/manifest.py", manifest),
        ("d/./m.py", "m"),
        ("d/../p/x.py", "x"),
        ("d/../p/y.py", "no"),
        ("d/f/g/h.py", "h"),
        ("e/manifest.py", "module('../../boot.py')\n"),
        ("e/./../../boot.py", ""),
        ("g/manifest.py", "import os\n"),
        ("h/manifest.py", "freeze('$(PORT_DIR)/modules')\n"),
    ] {
        source.0.insert(path.to_string(), text.as_bytes().to_vec());
    }
    let settings = settings();
    let mut resolver = Resolver::new(&source, &settings);
    let name = resolver.add(&Spec::Local("d".into())).unwrap();
    assert_eq!(name, "d");
    let package = &resolver.resolution.packages[1];
    let paths: Vec<&str> = package.files.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(paths, ["g/h.py", "m.py", "p/x.py"]);
    assert_eq!(
        (package.version.as_str(), &package.dependencies[0][..]),
        ("3", "umqtt.simple")
    );
    for (folder, code) in [
        ("e", Code::UnsafePath),
        ("g", Code::BadPackage),
        ("h", Code::BadPackage),
    ] {
        let mut resolver = Resolver::new(&source, &settings);
        let error = resolver.add(&Spec::Local(folder.into())).unwrap_err();
        assert_eq!(error.code(), code, "{folder}");
    }
}

#[test]
fn old_firmware_gets_what_it_can_run() {
    let catalogue = r#"{"packages":[{"name":"requests","version":"1.1","versions":{"6":["0.8.1","0.10","1.1"]}},
        {"name":"urequests","version":"0.8.0","versions":{"6":["0.8.0"]}}]}"#;
    let mut pages = vec![("i/index.json".to_string(), catalogue.to_string())];
    for (name, file, version) in [
        ("requests", "latest", "1.1"),
        ("requests", "1.1", "1.1"),
        ("requests", "0.8.1", "0.8.1"),
        ("urequests", "latest", "0.8.0"),
        ("urequests", "0.8.0", "0.8.0"),
    ] {
        let text = format!(r#"{{"version":"{version}","hashes":[]}}"#);
        pages.push((format!("i/package/6/{name}/{file}.json"), text));
    }
    let pages: Vec<(&str, &str)> = pages.iter().map(|(a, b)| (&a[..], &b[..])).collect();
    let source = Fake::with(&pages);
    let taken = |text: &str, firmware: &str| {
        let mut settings = settings();
        settings.firmware = firmware.to_string();
        let mut resolver = Resolver::new(&source, &settings);
        resolver.add(&Spec::parse(text).unwrap()).unwrap();
        let package = resolver.resolution.packages[0].clone();
        let notes = resolver.resolution.notes.len();
        (package.version, package.origin.asked, notes)
    };
    let expect =
        |version: &str, asked: &str, notes| (version.to_string(), asked.to_string(), notes);
    assert_eq!(taken("requests", "1.23.0"), expect("1.1", "latest", 0));
    assert_eq!(taken("requests", "1.22.0"), expect("0.8.1", "0.8.1", 0));
    assert_eq!(taken("requests", ""), expect("1.1", "latest", 0));
    assert_eq!(taken("requests@1.1", "1.22.0"), expect("1.1", "1.1", 1));
    assert_eq!(taken("urequests", "1.19.1"), expect("0.8.0", "0.8.0", 0));
    assert_eq!(taken("urequests", "1.24.0"), expect("0.8.0", "latest", 0));
}
