//! `nabla-ransac devices`: the adapters found, their limits, and which one `--backend auto` takes.

use crate::cli::{print, print_json};
use crate::gpu::{AdapterReport, adapters};
use clap::Args;
use serde_json::{Value, json};
use std::fmt::Write;

#[derive(Args, Debug)]
pub(crate) struct DevicesArgs {
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(arguments: &DevicesArgs) -> anyhow::Result<()> {
    let found = adapters();
    if arguments.json { print_json(&report(&found)) } else { print(&text(&found)?) }
}

fn report(found: &[AdapterReport]) -> Value {
    let adapter = |adapter: &AdapterReport| {
        json!({
            "name": adapter.name,
            "api": adapter.backend,
            "type": adapter.device_type,
            "driver": adapter.driver,
            "max_buffer_size": adapter.max_buffer_size,
            "max_storage_binding_size": adapter.max_storage_binding_size,
            "max_workgroup_invocations": adapter.max_workgroup_invocations,
            "max_workgroup_memory": adapter.max_workgroup_memory,
            "usable": adapter.usable,
            "taken_by_auto": adapter.taken_by_auto,
        })
    };
    json!({ "adapters": found.iter().map(adapter).collect::<Vec<_>>(), "auto": auto(found) })
}

/// What `--backend auto` takes.
fn auto(found: &[AdapterReport]) -> &str {
    found.iter().find(|adapter| adapter.taken_by_auto).map_or("CPU", |adapter| &adapter.name)
}

fn text(found: &[AdapterReport]) -> anyhow::Result<String> {
    let mut text = String::new();
    for adapter in found {
        let usable = if adapter.usable { "" } else { ", not usable: below the default limits of WebGPU" };
        writeln!(text, "{} ({}, {}){usable}", adapter.name, adapter.backend, adapter.device_type)?;
        writeln!(text, "    driver {}", adapter.driver)?;
        let [buffer, binding] = [adapter.max_buffer_size, adapter.max_storage_binding_size].map(|bytes| bytes >> 20);
        writeln!(text, "    buffers up to {buffer} MiB, {binding} MiB in one binding")?;
        writeln!(
            text,
            "    workgroups up to {} invocations with {} KiB of memory",
            adapter.max_workgroup_invocations,
            adapter.max_workgroup_memory >> 10
        )?;
    }
    if found.is_empty() {
        writeln!(text, "no adapter found; a software one on Debian: apt-get install mesa-vulkan-drivers")?;
    }
    writeln!(text, "--backend auto takes: {}", auto(found))?;
    Ok(text)
}
