//! The points that maps of all kinds say.

use crate::device::{close, context, grey};
use crate::maps::{CENTRE, any_map, on, with_networks};
use crate::random_maps::{config, tensors, xfeat_encoder};
use nabla_ransac::Backend;
use nabla_ransac::geometry::Intrinsics;
use nabla_ransac::localise::{FrameImage, GpuLocaliser, GreyImage, Localiser, MapLayout, SceneMap, ScenePoints};
use nabla_ransac::network::WeightsError;

/// On the CPU, and twice on the GPU: the second time in the buffers of the first.
fn points_on_both(map: &SceneMap, image: &GreyImage) -> [ScenePoints; 3] {
    let [cpu, gpu] = [Backend::Cpu, Backend::Gpu].map(|backend| Localiser::new(map.clone(), on(backend)).unwrap());
    [cpu.scene_points(image), gpu.scene_points(image), gpu.scene_points(image)]
}

fn same_points(found: &ScenePoints, expected: &ScenePoints) {
    assert_eq!(found.grid, expected.grid);
    for (cell, (a, b)) in found.points_world.iter().zip(&expected.points_world).enumerate() {
        assert!(a.distance(*b) < 1e-3, "{a} {b}");
        assert!((found.spreads[cell].powi(2) - expected.spreads[cell].powi(2)).abs() < 1e-4);
    }
}

#[test]
fn points_of_any_memory_and_image_are_those_of_the_cpu() {
    for (keys, height, size_px) in [(1, 8, [1, 1]), (1, 26, [45, 26]), (700, 77, [200, 150]), (700, 77, [131, 77])] {
        let image = GreyImage::new(size_px, grey(size_px)).unwrap();
        let [expected, found, again] = points_on_both(&any_map(keys, height), &image);
        [found, again].iter().for_each(|found| same_points(found, &expected));
    }
}

#[test]
fn points_of_maps_with_networks_are_those_of_the_cpu() {
    let context = context();
    for (height, size_px) in [(8, [1, 1]), (26, [45, 26]), (77, [200, 150]), (241, [427, 241])] {
        let image = GreyImage::new(size_px, grey(size_px)).unwrap();
        for map in with_networks(height) {
            let [expected, found, again] = points_on_both(&map, &image);
            [found, again].iter().for_each(|found| same_points(found, &expected));
            // a localiser may fall back on the CPU, a frame does not
            let values = FrameImage::Values(map.working_size_px(size_px));
            let mut localiser = GpuLocaliser::new_blocking(context.clone(), &map, &values, &on(Backend::Auto)).unwrap();
            localiser.grey_values().write(&context, 0, &image.resized(expected.grid.size_px).values);
            localiser.write_frame(&Intrinsics::Pinhole(crate::box_room::camera()), 0).unwrap();
            let mut encoder = context.encoder("frame");
            localiser.encode(&mut encoder);
            context.queue().submit([encoder.finish()]);
            let matches = localiser.matches().read_blocking(&context).unwrap();
            for ([[x, y, z, _], _], expected) in matches.iter().zip(&expected.points_world) {
                close(&[*x, *y, *z], &(expected - CENTRE).as_vec3().to_array(), 1e-3);
            }
            let sure = !matches!(map.config().layout, MapLayout::Memory { .. });
            let weights = localiser.weights().read_blocking(&context).unwrap();
            assert!(weights.iter().all(|&weight| (weight == 1.0) == sure && weight > 0.0));
        }
    }
}

#[test]
fn a_map_without_its_encoder_is_refused() {
    let (context, image) = (context(), FrameImage::Values([32, 24]));
    let config = config(MapLayout::Head { width: 8 }, &xfeat_encoder(1), 24, [0.0; 3]);
    let tensors = tensors(SceneMap::expected(&config), 1);
    let without = SceneMap::new(config, serde_json::Value::Null, tensors).unwrap();
    let refused = [
        GpuLocaliser::new_blocking(context, &without, &image, &on(Backend::Auto)).unwrap_err(),
        Localiser::new(without.clone(), on(Backend::Gpu)).unwrap_err(),
        without.with_encoder(xfeat_encoder(2)).unwrap_err(),
    ];
    for error in refused {
        assert!(matches!(&error, nabla_ransac::Error::Weights { error: WeightsError::Encoder { .. }, .. }), "{error}");
        assert!(error.to_string().contains("XFeat's weights"), "{error}");
    }
}
