//! Packages of a Python package index: archives that are read and never run.

use harness::board::Board;
use harness::program::Desk;

use crate::{board, files, ucli};
use harness::server::{Server, sha256};

/// Packs files into an archive with Python's own tools and publishes it in both forms of a page.
fn publish(desk: &Desk, server: &Server, project: &str, filename: &str, entries: &[(&str, &str)]) {
    let directory = format!("pack-{filename}");
    for (name, text) in entries {
        desk.put(&format!("{directory}/{name}"), text);
    }
    let tops: std::collections::BTreeSet<&str> = entries
        .iter()
        .filter_map(|(name, _)| name.split('/').next())
        .collect();
    let module = if filename.ends_with(".whl") {
        "zipfile"
    } else {
        "tarfile"
    };
    let archive = desk.path().join(filename);
    let archive_text = archive.to_string_lossy().into_owned();
    let mut line = vec!["-m", module, "-c", &archive_text];
    line.extend(tops);
    let inside = desk.path().join(&directory);
    desk.peer("python", &line).within(&inside).run().ok();
    let bytes = std::fs::read(&archive).expect("it was just made");
    let page = serde_json::json!({ "meta": { "api-version": "1.0" }, "name": project, "files": [{
        "filename": filename, "url": format!("/packages/{filename}"), "hashes": { "sha256": sha256(&bytes) },
    }] });
    server.put(&format!("/simple/{project}/"), page.to_string());
    server.put(&format!("/packages/{filename}"), bytes);
}

/// A wheel gives its modules, its dependencies come from the index, and nothing of it is executed.
#[test]
fn wheel_is_installed_with_what_it_needs() {
    let (desk, board) = (Desk::new(), board());
    let server = Server::with(&[("umqtt.simple", "1.8", &[("umqtt/simple.py", "x = 1\n")])]);
    publish(
        &desk,
        &server,
        "micropython-good",
        "micropython_good-1.0-py3-none-any.whl",
        &[
            ("good/__init__.py", "from umqtt.simple import x\n"),
            ("good/__init__.pyi", "x: int\n"),
            ("good/table.bin", "12345"),
            (
                "micropython_good-1.0.dist-info/METADATA",
                "Name: micropython-good\nRequires-Dist: umqtt.simple\nRequires-Dist: typing; implementation_name == 'cpython'\n",
            ),
        ],
    );
    ucli(&desk, &board, &server, "install micropython-good")
        .run()
        .ok();
    assert_eq!(
        files(&board),
        ["good/__init__.mpy", "good/table.bin", "umqtt/simple.mpy"]
    );
    let said = desk
        .ucli_on(&board, &["eval", "__import__('good').x"])
        .out();
    assert_eq!(said.trim(), "1");
    ucli(&desk, &board, &server, "uninstall umqtt-simple")
        .run()
        .fails(1, "needs `umqtt.simple`");
}

/// `setup.py` of a source archive is neither run nor copied.
#[test]
fn source_archive_is_only_read() {
    let (desk, board, server) = (Desk::new(), board(), Server::start());
    let evil = "open('executed', 'w').write('x')\n";
    publish(
        &desk,
        &server,
        "micropython-src",
        "micropython-src-2.tar.gz",
        &[
            ("micropython-src-2/setup.py", evil),
            ("micropython-src-2/driver.py", "import machine\n"),
            ("micropython-src-2/tests/test_driver.py", evil),
            ("micropython-src-2/README.md", "hello"),
        ],
    );
    ucli(&desk, &board, &server, "install micropython-src")
        .run()
        .ok();
    assert_eq!(files(&board), ["driver.mpy"]);
    assert!(!desk.path().join("executed").exists());
}

/// Names are not taken for boards' packages because PyPI has something of that name.
#[test]
fn packages_of_computers_are_refused() {
    let (desk, board, server) = (Desk::new(), board(), Server::start());
    publish(
        &desk,
        &server,
        "untangle",
        "untangle-1.tar.gz",
        &[("untangle-1/untangle.py", "import xml.sax\n")],
    );
    ucli(&desk, &board, &server, "install untangle")
        .run()
        .fails(1, "made for CPython");
    ucli(&desk, &board, &server, "install pypi:untangle")
        .run()
        .fails(1, "imports `xml`");
    publish(
        &desk,
        &server,
        "micropython-void",
        "micropython-void-0.0.0.tar.gz",
        &[(
            "micropython-void-0.0.0/micropython_void.egg-info/PKG-INFO",
            "Name: micropython-void\n",
        )],
    );
    ucli(&desk, &board, &server, "install micropython-void")
        .run()
        .fails(1, "installs nothing");
    publish(
        &desk,
        &server,
        "fast",
        "fast-1-cp311-cp311-manylinux_2_17_x86_64.whl",
        &[("fast/__init__.py", "")],
    );
    ucli(&desk, &board, &server, "install pypi:fast")
        .run()
        .fails(1, "compiled for CPython");
    assert!(board.contents().is_empty());
}

/// An archive that is not what its page promises is refused.
#[test]
fn tampered_archive_is_refused() {
    let (desk, board, server) = (Desk::new(), board(), Server::start());
    let name = "micropython_p-1-py3-none-any.whl";
    publish(
        &desk,
        &server,
        "micropython-p",
        name,
        &[("p.py", "x = 1\n")],
    );
    server.put(&format!("/packages/{name}"), "something else");
    ucli(&desk, &board, &server, "install micropython-p")
        .run()
        .fails(1, "not what the index promised");
    assert!(board.contents().is_empty());
}

/// The index this machine is configured for, if it can be reached.
fn configured_index(desk: &Desk) -> Option<String> {
    let configured = ["PIP_INDEX_URL", "UV_INDEX_URL"]
        .iter()
        .find_map(|name| std::env::var(name).ok());
    let index = configured.unwrap_or_else(|| {
        let said = desk
            .peer(
                "python",
                &["-m", "pip", "config", "get", "global.index-url"],
            )
            .run();
        match said.status {
            Some(0) => said.out().trim().to_string(),
            // What pip asks when nobody has told it anything.
            _ => {
                let default = "from pip._internal.models.index import PyPI;print(PyPI.simple_url)";
                desk.peer("python", &["-c", default])
                    .out()
                    .trim()
                    .to_string()
            }
        }
    });
    let index = index.trim_end_matches('/').to_string();
    let probe = "import sys,urllib.request as u;u.urlopen(sys.argv[1],timeout=10).read(10)";
    let page = format!("{index}/micropython-requests/");
    let reachable = desk.peer("python", &["-c", probe, &page]).run().status == Some(0);
    reachable.then_some(index)
}

/// Packages as they are on the real index: what belongs on a board arrives, what does not is refused.
#[test]
fn real_packages() {
    let desk = Desk::new();
    let cases: [(&str, Result<&[&str], &str>); 6] = [
        ("micropython-bme280==2.1.3", Ok(&["bme280.mpy"])),
        ("micropython-dht12==1.0.0", Ok(&["dht12.mpy"])),
        (
            "micropython-ld2410==0.1.0",
            Ok(&["ld2410/__init__.mpy", "ld2410/ld2410.mpy"]),
        ),
        ("pypi:micropython-requests==0.0.0", Err("installs nothing")),
        ("pypi:micropython-uasyncio", Err("part of the firmware")),
        ("pypi:numpy", Err("compiled for CPython")),
    ];
    let Some(index) = configured_index(&desk) else {
        eprintln!(
            "skipped: {} packages, the Python package index cannot be reached",
            cases.len()
        );
        return;
    };
    let server = Server::start();
    for (package, expected) in cases {
        let board: Board = board();
        let call = ucli(&desk, &board, &server, &format!("install {package}"));
        let finished = call.env("PIP_INDEX_URL", &index).run();
        match expected {
            Ok(names) => {
                finished.ok();
                assert_eq!(files(&board), names, "{package}");
            }
            Err(reason) => {
                finished.fails(1, reason);
                assert!(board.contents().is_empty(), "{package}");
            }
        }
    }
}

/// What each of the odd archives of the real index holds for a board, by the words of their own listing; or why
/// it is refused. `a/b c` is `a/b.py a/c.py`.
const ARCHIVES: [(&str, Result<&str, &str>); 18] = [
    ("micropython-urequests==0.9.1", Ok("urequests/__init__")),
    ("micropython-umqtt.simple==1.3.4", Ok("umqtt/simple")),
    // Its `simple.py` is a link to a file of another checkout.
    ("micropython-umqtt.robust==1.0", Ok("umqtt/robust")),
    (
        "micropython-logging==0.5.2",
        Ok("os/__init__ logging/__init__ logging/handlers"),
    ),
    ("micropython-ulogger==1.2", Ok("ulogger/__init__")),
    ("picoweb==1.8.2", Err("part of the firmware")),
    (
        "microdot==2.7.0",
        Ok(
            "microdot/__init__ microdot/asgi microdot/auth microdot/cors microdot/csrf microdot/helpers \
            microdot/jinja microdot/login microdot/microdot microdot/multipart microdot/session microdot/sse \
            microdot/test_client microdot/utemplate microdot/websocket microdot/wsgi",
        ),
    ),
    (
        "micropython-modbus==2.3.7",
        Ok(
            "umodbus/__init__ umodbus/common umodbus/const umodbus/functions umodbus/modbus umodbus/serial \
            umodbus/tcp umodbus/typing umodbus/version",
        ),
    ),
    ("micropython-mpu9250==0.4.0", Ok("ak8963 mpu6500 mpu9250")),
    (
        "micropython-mdns==1.8.0",
        Ok(
            "mdns_client/__init__ mdns_client/client mdns_client/constants mdns_client/parser \
            mdns_client/responder mdns_client/service_discovery/__init__ \
            mdns_client/service_discovery/discovery mdns_client/service_discovery/service_monitor \
            mdns_client/service_discovery/service_response mdns_client/service_discovery/txt_discovery \
            mdns_client/structs mdns_client/util",
        ),
    ),
    (
        "micropython-websockets==0.1.0",
        Ok("micropython_websockets/__init__ micropython_websockets/websockets"),
    ),
    // Its `cbor2` is that of the index, not the one on PyPI.
    (
        "micropython-senml==0.1.1",
        Ok(
            "cbor2/__init__ senml/__init__ senml/senml_base senml/senml_pack senml/senml_record senml/senml_unit",
        ),
    ),
    ("ADS1x15-ADC==1.2.2", Err("`smbus2` is not in the index")),
    ("urequests==0.1.2", Ok("urequests/urequests")),
    (
        "micropython-hashlib9==2.4.0.post4",
        Ok("hashlib/__init__ hashlib/_sha224 hashlib/_sha256 hashlib/_sha384 hashlib/_sha512"),
    ),
    ("aiohttp==3.14.5", Err("made for CPython")),
    ("requests==2.34.2", Err("made for CPython")),
    ("micropython-requests==0.0.0", Err("installs nothing")),
];

/// Every archive that gave another tool trouble unpacks to what belongs on a board, and to nothing else.
#[test]
fn real_archives_unpack_to_what_is_listed() {
    let desk = Desk::new();
    let Some(index) = configured_index(&desk) else {
        eprintln!(
            "skipped: {} archives, the Python package index cannot be reached",
            ARCHIVES.len()
        );
        return;
    };
    let server = Server::with(&[
        ("os", "0.7", &[("os/__init__.py", "")]),
        ("cbor2", "1.0", &[("cbor2/__init__.py", "")]),
    ]);
    let board = board();
    for (package, expected) in ARCHIVES {
        let line = format!("--json install -n --force --no-mpy pypi:{package}");
        let call = ucli(&desk, &board, &server, &line);
        let finished = call.env("PIP_INDEX_URL", &index).run();
        let said = finished.out();
        let last = said.lines().last().unwrap_or_default();
        let object: serde_json::Value = serde_json::from_str(last).expect("JSON");
        match expected {
            Ok(names) => {
                let packages = object["packages"].as_array().into_iter().flatten();
                let files = packages.flat_map(|one| one["files"].as_array().into_iter().flatten());
                let files: Vec<&str> = files.filter_map(|one| one.as_str()).collect();
                let names: Vec<String> = names
                    .split_whitespace()
                    .map(|name| format!("{name}.py"))
                    .collect();
                assert_eq!(files, names, "{finished}");
            }
            Err(reason) => {
                let message = object["error"]["message"].as_str().unwrap_or_default();
                assert!(message.contains(reason), "{package}: {finished}");
            }
        }
    }
    assert!(board.contents().is_empty());
}

/// The stubs of the real index are those of the firmware that is asked for.
#[test]
fn real_stubs_come_into_the_project() {
    let (desk, board, server) = (Desk::new(), board(), Server::start());
    let Some(index) = configured_index(&desk) else {
        eprintln!("skipped: stubs, the Python package index cannot be reached");
        return;
    };
    let line = "stubs --board rp2 --firmware 1.24.1";
    let call = ucli(&desk, &board, &server, line).env("PIP_INDEX_URL", &index);
    let done = call.run().ok();
    assert!(
        done.out().contains("+ micropython-rp2-stubs 1.24.1"),
        "{done}"
    );
    assert!(done.out().contains("+ micropython-stdlib-stubs"), "{done}");
    for name in ["rp2.pyi", "rp2/__init__.pyi"] {
        if desk.path().join("typings").join(name).exists() {
            return;
        }
    }
    panic!("no description of `rp2`: {:?}", desk.contents());
}

/// The stubs of the board's firmware come into the project, with what they need, and nothing else.
#[test]
fn stubs_of_the_firmware_come_into_the_project() {
    let (desk, board, server) = (Desk::new(), board(), Server::start());
    let name = "micropython-rp2-stubs";
    publish(
        &desk,
        &server,
        name,
        "micropython_rp2_stubs-1.28.0.post2-py3-none-any.whl",
        &[
            ("machine/__init__.pyi", "class Pin: ...\n"),
            ("setup.py", "raise SystemExit\n"),
            (
                "micropython_rp2_stubs-1.28.0.post2.dist-info/METADATA",
                "Name: x\nRequires-Dist: micropython-stdlib-stubs>=1.28\nRequires-Dist: requests\n\nRequires-Dist: no\n",
            ),
        ],
    );
    publish(
        &desk,
        &server,
        "micropython-stdlib-stubs",
        "micropython_stdlib_stubs-1.28.1-py3-none-any.whl",
        &[
            ("machine/__init__.pyi", "not this\n"),
            ("stdlib/io.pyi", "x: int\n"),
        ],
    );
    let stubs = |line: &str| ucli(&desk, &board, &server, line).run();
    let done = stubs("stubs --board rp2 --firmware 1.28.0").ok();
    assert_eq!(
        done.out(),
        "+ micropython-rp2-stubs 1.28.0.post2\n+ micropython-stdlib-stubs 1.28.1\n"
    );
    assert_eq!(
        desk.get("typings/machine/__init__.pyi"),
        b"class Pin: ...\n"
    );
    assert_eq!(desk.get("typings/stdlib/io.pyi"), b"x: int\n");
    assert!(!desk.path().join("typings/setup.py").exists());
    let done = stubs("stubs --board rp2 --firmware 1.29.0").ok();
    assert!(done.err().contains("1.28.0.post2 is the nearest"), "{done}");
    desk.put("mine/x.pyi", "x: int\n");
    stubs("stubs --board rp2 -o mine").fails(1, "not made by ucli");
    stubs("stubs --board abacus").fails(1, "no stubs for the platform");
    stubs("stubs --board samd").fails(1, "is not on the Python package index");
    stubs("stubs").fails(
        1,
        "`micropython-unix-stubs` is not on the Python package index",
    );
    let said = stubs("--json stubs --board rp2").ok().out();
    let value: serde_json::Value = serde_json::from_str(said.trim()).unwrap();
    let schema = harness::schema::load("stubs");
    assert_eq!(harness::schema::complaints(&schema, &value), [""; 0]);
}
