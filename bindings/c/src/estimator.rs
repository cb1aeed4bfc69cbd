//! The functions.

use crate::border::{Failure, Result, bad_input, border, nabla_status, null};
use crate::handles::{Held, held, hold, nabla_estimator, release};
use crate::options::{model_kind, nabla_options};
use crate::problem::nabla_problem;
use crate::result::{Place, nabla_result};
use crate::versioned::Versioned;
use nabla_ransac::cpu::rank::predict_logits::sigmoid;
use nabla_ransac::data::OwnedProblem;
use nabla_ransac::network::RankInput;
use nabla_ransac::{Error, Outcome, Problem, Result as LibraryResult};
use std::ffi::c_char;
use std::ptr;

/// Puts the defaults into options; struct_size is sizeof(nabla_options).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nabla_options_init(options: *mut nabla_options, struct_size: usize) -> nabla_status {
    border(|| {
        if options.is_null() {
            return Err(null("options"));
        }
        // SAFETY: the caller's struct has the size that is given
        unsafe { nabla_options::defaults().write(options, struct_size) }
    })
}

/// Makes an estimator of a nabla_model. Options that are NULL are the defaults. It may take a second, for devices and shaders; where
/// it fails, the estimator is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nabla_estimator_create(
    model: i32,
    options: *const nabla_options,
    estimator: *mut *mut nabla_estimator,
) -> nabla_status {
    border(|| {
        if estimator.is_null() {
            return Err(null("estimator"));
        }
        // SAFETY: the caller's pointer may be written
        unsafe { estimator.write(ptr::null_mut()) };
        let kind = model_kind(model)?;
        let options = if options.is_null() {
            nabla_options::defaults()
        } else {
            // SAFETY: the caller's struct has the size that it says
            unsafe { nabla_options::read(options, "options") }?
        };
        let handle = hold(kind, options.estimator(kind)?);
        // SAFETY: as above
        unsafe { estimator.write(handle) };
        Ok(())
    })
}

/// Frees an estimator; NULL is none. Calls at work with it on other threads are not disturbed.
#[unsafe(no_mangle)]
pub extern "C" fn nabla_estimator_destroy(estimator: *mut nabla_estimator) -> nabla_status {
    border(|| if estimator.is_null() { Ok(()) } else { release(estimator) })
}

/// Where an estimator works: the name of the adapter, or "CPU"; as much of it as the capacity allows, which counts the final 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nabla_estimator_device(
    estimator: *const nabla_estimator,
    name: *mut c_char,
    capacity: usize,
) -> nabla_status {
    border(|| {
        let device = held(estimator)?.estimator.estimator().device_name();
        if name.is_null() {
            return Err(null("name"));
        }
        let Some(most) = capacity.checked_sub(1) else {
            return Err(bad_input("capacity: expected at least 1, but it is 0"));
        };
        let length = device.floor_char_boundary(most.min(device.len()));
        // SAFETY: within the capacity of the caller's memory
        unsafe {
            name.copy_from_nonoverlapping(device.as_ptr().cast(), length);
            name.add(length).write(0);
        }
        Ok(())
    })
}

/// Estimates the model of one problem. Where none is found the status is NABLA_STATUS_OK, and found is 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nabla_estimate(
    estimator: *const nabla_estimator,
    problem: *const nabla_problem,
    result: *mut nabla_result,
) -> nabla_status {
    border(|| {
        // SAFETY: the caller's struct has the size that it says
        let place = unsafe { Place::new(result) }?;
        let found = held(estimator).and_then(|held| {
            // SAFETY: the caller's pointers are as the structs say
            let problem = unsafe { owned(problem, &held, &place) }?;
            let outcome = held.estimator.estimate(&problem.problem(held.kind)?)?;
            Ok((problem, outcome))
        });
        // SAFETY: as above; the mask was checked
        unsafe { place.fill(found) }
    })
}

/// nabla_estimate of so many problems in one call: on all cores, or side by side on the GPU. Each result has its own status; that of the
/// call is the first that is not NABLA_STATUS_OK. All structs of an array have the same struct_size.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nabla_estimate_batch(
    estimator: *const nabla_estimator,
    problems: *const nabla_problem,
    results: *mut nabla_result,
    count: usize,
) -> nabla_status {
    border(|| {
        let held = held(estimator)?;
        if count == 0 {
            return Ok(());
        }
        // SAFETY: as many structs of the caller's as it says, each with its size
        let problems = unsafe { nabla_problem::each(problems, count, "problems") }?;
        // SAFETY: as above
        let results = unsafe { nabla_result::each(results, count, "results") }?;
        // SAFETY: as above
        let place = |result: &*const nabla_result| unsafe { Place::new(result.cast_mut()) };
        let places = results.iter().map(place).collect::<Result<Vec<Place>>>()?;
        // SAFETY: the caller's pointers are as the structs say
        let own = |(&problem, place)| unsafe { owned(problem, &held, place) };
        let problems: Vec<Result<OwnedProblem>> = problems.iter().zip(&places).map(own).collect();
        let mut outcomes = estimate_all(&held, &problems).into_iter();
        let found = problems.into_iter().map(|problem| {
            let problem = problem?;
            Ok((problem, outcomes.next().unwrap_or_else(no_answer)?))
        });
        let fill = |(place, found): (&Place, Result<(OwnedProblem, Outcome)>)| {
            // SAFETY: the caller's memory; the mask was checked
            unsafe { place.fill(found) }.err()
        };
        joined(&places.iter().zip(found).map(fill).collect::<Vec<_>>())
    })
}

/// How likely each match of a problem is right, as the network says that ships for essential and fundamental matrices, into the caller's
/// memory: one a match.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn nabla_rank(
    estimator: *const nabla_estimator,
    problem: *const nabla_problem,
    probabilities: *mut f32,
    length: usize,
) -> nabla_status {
    border(|| {
        let held = held(estimator)?;
        if probabilities.is_null() {
            return Err(null("probabilities"));
        }
        // SAFETY: the caller's struct has the size that it says, and its pointers are as it says
        let problem = unsafe { nabla_problem::read(problem, "problem")?.owned(held.kind) }?;
        let expected = problem.match_count();
        if length != expected {
            return Err(bad_input(format!("length: expected {expected}, one a match, but it is {length}")));
        }
        let logits = held.ranker()?.logits(&RankInput::of(&problem.problem(held.kind)?))?;
        // what is seen along no ray is never right
        for (index, logit) in problem.of_all(&logits, f32::NEG_INFINITY).into_iter().enumerate() {
            // SAFETY: one a match of the caller's memory
            unsafe { probabilities.add(index).write(sigmoid(logit)) };
        }
        Ok(())
    })
}

/// The problem of a caller's struct, once its mask is known to have an entry a match.
///
/// # Safety
/// The pointer is null or to a struct of the size that it says, whose pointers are as it says.
unsafe fn owned(problem: *const nabla_problem, held: &Held, place: &Place) -> Result<OwnedProblem> {
    // SAFETY: the caller says so
    let problem = unsafe { nabla_problem::read(problem, "problem") }?;
    place.check_mask(problem.points1.count)?;
    // SAFETY: the caller says so
    unsafe { problem.owned(held.kind) }
}

/// The outcomes of those problems that are without fault so far.
fn estimate_all(held: &Held, problems: &[Result<OwnedProblem>]) -> Vec<LibraryResult<Outcome>> {
    let problems: Vec<LibraryResult<Problem<'_>>> =
        problems.iter().flatten().map(|problem| problem.problem(held.kind)).collect();
    let ready: Vec<Problem<'_>> = problems.iter().flatten().copied().collect();
    let mut outcomes = held.estimator.estimate_batch(&ready).into_iter();
    problems.into_iter().map(|problem| problem.and_then(|_| outcomes.next().unwrap_or_else(no_answer))).collect()
}

fn no_answer() -> LibraryResult<Outcome> {
    Err(Error::Device("the batch gave no answer".to_owned()))
}

/// The failures of a batch as one, with a line for each.
fn joined(failures: &[Option<Failure>]) -> Result<()> {
    let failed = || failures.iter().enumerate().filter_map(|(index, failure)| Some((index, failure.as_ref()?)));
    let Some((_, first)) = failed().next() else { return Ok(()) };
    let lines: Vec<String> = failed().map(|(index, failure)| format!("problem {index}: {}", failure.text)).collect();
    Err(Failure { status: first.status, text: lines.join("\n") })
}
