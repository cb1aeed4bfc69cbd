//! Which views the viewer opens, and of what.

use super::recording::Recording;
use re_chunk::external::re_log_types::{BlueprintActivationCommand, LogMsg};
use re_sdk_types::blueprint::archetypes::{ContainerBlueprint, ViewBlueprint, ViewContents, ViewportBlueprint};
use re_sdk_types::blueprint::components::{ContainerKind, RootContainer};
use re_sdk_types::external::uuid::Uuid;

/// The viewer's names of its kinds of view.
const FLAT: &str = "2D";
const SPATIAL: &str = "3D";
const TEXT: &str = "TextDocument";

/// A view of the matches in the images, of each world, and of the report.
pub(super) fn messages(has_images: bool, worlds: &[&str]) -> anyhow::Result<Vec<LogMsg>> {
    let matches = has_images.then_some((FLAT, "matches"));
    let worlds = worlds.iter().map(|&world| (SPATIAL, world));
    let views = matches.into_iter().chain(worlds).chain([(TEXT, "report")]);
    let mut blueprint = Recording::blueprint();
    let mut paths = Vec::new();
    for (class, entity) in views {
        paths.push(log_view(&mut blueprint, class, entity)?);
    }
    let root = Uuid::new_v4();
    let container = ContainerBlueprint::new(ContainerKind::Grid).with_grid_columns(2u32).with_contents(paths);
    blueprint.log(&format!("container/{root}"), &container)?;
    blueprint.log("viewport", &ViewportBlueprint::new().with_root_container(RootContainer(root.into())))?;
    let activation = BlueprintActivationCommand::make_active(blueprint.store().clone());
    let mut messages = blueprint.into_messages();
    messages.push(LogMsg::BlueprintActivationCommand(activation));
    Ok(messages)
}

/// A view of an entity and all below it, called like it; where it is in the blueprint.
fn log_view(blueprint: &mut Recording, class: &str, entity: &str) -> anyhow::Result<String> {
    let path = format!("view/{}", Uuid::new_v4());
    // lines of outliers may be so many that nothing else is seen; the view's "Edit" button adds them
    let query = ["+ $origin/**", "- /matches/outliers"];
    blueprint.log(&format!("{path}/ViewContents"), &ViewContents::new(query))?;
    let view = ViewBlueprint::new(class).with_display_name(entity).with_space_origin(entity);
    blueprint.log(&path, &view)?;
    Ok(path)
}
