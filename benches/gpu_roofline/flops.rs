//! Floating-point operations of a shader as its text has them. Sums, products, quotients, roots and elementary functions count one a
//! component, comparisons and choices none; of the branches of a condition the longest counts.

use naga::valid::{FunctionInfo, ModuleInfo};
use naga::{
    BinaryOperator, Block, Expression, Function, Handle, MathFunction, Module, ScalarKind, Statement, TypeInner,
};
use std::collections::HashMap;

/// Operations of one pass, and the loops in it.
#[derive(Clone, Default)]
struct Count {
    own: u32,
    loops: Vec<Self>,
}

impl Count {
    fn add(&mut self, other: Self) {
        self.own += other.own;
        self.loops.extend(other.loops);
    }

    fn all(&self) -> u32 {
        self.own + self.loops.iter().map(Self::all).sum::<u32>()
    }

    /// Own operations, and those of each loop in brackets; loops without any are left out.
    fn text(&self) -> String {
        let loops = self.loops.iter().filter(|inner| inner.all() > 0);
        loops.fold(self.own.to_string(), |text, inner| format!("{text} [{}]", inner.text()))
    }
}

/// Of an invocation: its own operations, and in brackets those of each pass of each of its loops.
pub(crate) fn of((module, info): &(Module, ModuleInfo)) -> String {
    let mut known = HashMap::new();
    // what is called comes first
    for (handle, function) in module.functions.iter() {
        let count = Counter { module, function, info: &info[handle], known: &known }.of_block(&function.body);
        known.insert(handle, count);
    }
    let function = &module.entry_points[0].function;
    Counter { module, function, info: info.get_entry_point(0), known: &known }.of_block(&function.body).text()
}

struct Counter<'a> {
    module: &'a Module,
    function: &'a Function,
    info: &'a FunctionInfo,
    known: &'a HashMap<Handle<Function>, Count>,
}

impl Counter<'_> {
    fn of_block(&self, block: &Block) -> Count {
        let mut count = Count::default();
        for statement in block {
            count.add(self.of_statement(statement));
        }
        count
    }

    fn of_statement(&self, statement: &Statement) -> Count {
        let longest = |blocks: &mut dyn Iterator<Item = &Block>| {
            blocks.map(|block| self.of_block(block)).max_by_key(Count::all).unwrap_or_default()
        };
        match statement {
            Statement::Emit(range) => {
                let own = range.clone().map(|expression| self.of_expression(expression)).sum();
                Count { own, loops: Vec::new() }
            }
            Statement::Block(block) => self.of_block(block),
            Statement::If { accept, reject, .. } => longest(&mut [accept, reject].into_iter()),
            Statement::Switch { cases, .. } => longest(&mut cases.iter().map(|case| &case.body)),
            Statement::Loop { body, continuing, .. } => {
                let mut inner = self.of_block(body);
                inner.add(self.of_block(continuing));
                Count { own: 0, loops: vec![inner] }
            }
            Statement::Call { function, .. } => self.known[function].clone(),
            _ => Count::default(),
        }
    }

    /// The numbers of a value, columns × rows; none where it is not of floating point.
    fn shape(&self, expression: Handle<Expression>) -> [u32; 2] {
        match *self.info[expression].ty.inner_with(&self.module.types) {
            TypeInner::Scalar(scalar) if scalar.kind == ScalarKind::Float => [1, 1],
            TypeInner::Vector { size, scalar } if scalar.kind == ScalarKind::Float => [1, size as u32],
            TypeInner::Matrix { columns, rows, .. } => [columns as u32, rows as u32],
            _ => [0, 0],
        }
    }

    fn of_expression(&self, expression: Handle<Expression>) -> u32 {
        use BinaryOperator::{Add, Divide, Multiply, Subtract};
        let [columns, rows] = self.shape(expression);
        match self.function.expressions[expression] {
            Expression::Binary { op: Multiply, left, right } => {
                let [left, right] = [left, right].map(|side| self.shape(side));
                match (left, right) {
                    // a matrix by a vector, a vector by a matrix, or two matrices
                    ([inner, _], [_, length]) if inner > 1 && length == inner => columns * rows * (2 * inner - 1),
                    ([1, inner], [2..=4, _]) if inner > 1 => columns * rows * (2 * inner - 1),
                    _ => columns * rows,
                }
            }
            Expression::Binary { op: Add | Subtract | Divide, .. } => columns * rows,
            Expression::Math { fun, arg, .. } => {
                let [inner_columns, length] = self.shape(arg);
                match fun {
                    MathFunction::Dot => (2 * length).saturating_sub(1),
                    MathFunction::Length | MathFunction::Distance => 2 * length,
                    MathFunction::Normalize => 3 * length + 1,
                    MathFunction::Cross => 9,
                    MathFunction::Determinant => [0, 0, 3, 14, 47][inner_columns as usize],
                    MathFunction::Fma => 2 * rows,
                    MathFunction::Mix => 3 * rows,
                    MathFunction::Abs | MathFunction::Min | MathFunction::Max | MathFunction::Clamp => 0,
                    MathFunction::Transpose | MathFunction::Saturate | MathFunction::Sign => 0,
                    _ => columns * rows,
                }
            }
            _ => 0,
        }
    }
}
