use super::{Architecture, NetworkConfig};

/// The tensors of a network: names and shapes, in the order of the computation. Matrices are `[in, out]`.
pub(super) fn tensors(config: &NetworkConfig) -> Vec<(String, Vec<usize>)> {
    let mut list = List::default();
    match config.architecture {
        Architecture::Neighbours => list.neighbours(config),
        Architecture::Clnet => list.clnet(config),
    }
    list.0
}

#[derive(Default)]
struct List(Vec<(String, Vec<usize>)>);

impl List {
    fn add(&mut self, name: impl Into<String>, shape: &[usize]) {
        self.0.push((name.into(), shape.to_vec()));
    }

    fn linear(&mut self, name: &str, inputs: usize, outputs: usize) {
        self.add(format!("{name}.weight"), &[inputs, outputs]);
        self.add(format!("{name}.bias"), &[outputs]);
    }

    /// Scale and shift after an instance norm.
    fn affine(&mut self, name: &str, channels: usize) {
        self.add(format!("{name}.gamma"), &[channels]);
        self.add(format!("{name}.beta"), &[channels]);
    }

    /// A batch norm with what it has seen.
    fn batch_norm(&mut self, name: &str, channels: usize) {
        self.affine(name, channels);
        self.add(format!("{name}.running_mean"), &[channels]);
        self.add(format!("{name}.running_var"), &[channels]);
    }

    fn neighbours(&mut self, config: &NetworkConfig) {
        let c = config.channels;
        self.linear("input", config.inputs(), c);
        for block in 0..config.blocks {
            let name = |part: &str| format!("blocks.{block}.{part}");
            self.add(name("own.weight"), &[c, c]);
            self.add(name("neighbour.weight"), &[c, c]);
            self.linear(&name("edge"), config.edges(), c);
            for part in ["project", "context1", "context2"] {
                self.add(name(&format!("{part}.weight")), &[c, c]);
                self.affine(&name(&format!("{part}_norm")), c);
            }
        }
        self.linear("output", c, 1);
    }

    fn clnet(&mut self, config: &NetworkConfig) {
        let c = config.channels;
        let layer = |list: &mut Self, name: &str, inputs: usize| {
            list.linear(name, inputs, c);
            list.batch_norm(&format!("{name}_norm"), c);
        };
        layer(self, "input", config.inputs());
        for stage in ["before", "after"] {
            for block in 0..config.blocks {
                layer(self, &format!("{stage}.{block}.linear1"), c);
                layer(self, &format!("{stage}.{block}.linear2"), c);
            }
        }
        // one ring: [place in the ring, (own, own − neighbour), out]
        self.add("ring.weight", &[config.neighbours / 3, 2 * c, c]);
        self.add("ring.bias", &[c]);
        self.batch_norm("ring_norm", c);
        self.add("rings.weight", &[3, c, c]);
        self.add("rings.bias", &[c]);
        self.batch_norm("rings_norm", c);
        self.linear("output0", c, 1);
        layer(self, "graph", c);
        layer(self, "last.linear1", c);
        layer(self, "last.linear2", c);
        self.linear("output", c, 1);
    }
}
