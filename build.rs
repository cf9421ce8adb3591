//! Prints the C header and the ABI's data from the boundary's source, and compiles the one C file.
//!
//! Both texts go to `OUT_DIR`; `tests/header.rs` compares them with those in `include`.

use std::path::{Path, PathBuf};
use std::{env, fs};

#[path = "src/capi/header/mod.rs"]
mod header;

fn main() {
    println!("cargo::rerun-if-changed=src");
    println!("cargo::rerun-if-changed=cbindgen.toml");
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        // Mapped blocks want address space to spare, and file offsets of 64 bits.
        if env::var("CARGO_CFG_TARGET_POINTER_WIDTH").is_ok_and(|width| width == "64") {
            println!("cargo::rustc-cfg=mapped");
        }
        cc::Build::new()
            .file("src/sys/single_threaded.c")
            .flag_if_supported("-fvisibility=hidden")
            .warnings_into_errors(true)
            .compile("bytesio_sys");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("set by Cargo"));
    write(&out, &header::print(&out));
}

/// Faults of the documentation do not stop a build; `tests/header.rs` fails for them.
fn write(out: &Path, printed: &header::Printed) {
    for fault in &printed.faults {
        println!("cargo::warning={fault}");
    }
    let texts = [
        ("bytesio.h", &printed.header),
        ("bytesio.abi.json", &printed.abi),
        ("faults.txt", &printed.faults.join("\n")),
    ];
    for (name, text) in texts {
        fs::write(out.join(name), text).expect("OUT_DIR can be written");
    }
}
