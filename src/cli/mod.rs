//! The subcommands: the only place that prints.
