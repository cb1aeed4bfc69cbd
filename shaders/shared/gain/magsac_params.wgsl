// The numbers of the MAGSAC++ gain from the words after a packed batch, where the gain looks for them.

struct GainSettings {
    magsac: array<vec4<f32>, MAGSAC_VECTORS>,
}

var<private> settings: GainSettings;

fn load_gain_settings() {
    let first = PACKING_HEADER + 5u * pair_count() + 1u;
    for (var k = 0u; k < 4u * MAGSAC_VECTORS; k++) {
        settings.magsac[k / 4u][k % 4u] = bitcast<f32>(params[first + k]);
    }
}
