// Four threads with one estimator: each gets what a single thread gets, and its own errors, and it is freed while they are at work.
//
//     threads cpu|gpu

#include "scene.h"
#include <pthread.h>

#define THREADS 4
#define ROUNDS 2

typedef struct {
    const nabla_estimator *estimator;
    scene seen;
    nabla_result expected;
    int index;
} task;

static nabla_result estimate(const nabla_estimator *estimator, const scene *seen) {
    const nabla_problem problem = problem_of(seen);
    nabla_result result = {.struct_size = sizeof result};
    CHECK(nabla_estimate(estimator, &problem, &result) == NABLA_STATUS_OK);
    return result;
}

static int same(const nabla_result *a, const nabla_result *b) {
    return a->found && b->found && a->inlier_count == b->inlier_count && memcmp(a->matrix, b->matrix, sizeof a->matrix) == 0;
}

static void *work(void *argument) {
    const task *own = argument;
    for (int round = 0; round < ROUNDS; round++) {
        const nabla_result result = estimate(own->estimator, &own->seen);
        CHECK(same(&result, &own->expected));
        nabla_problem short_one = problem_of(&own->seen);
        short_one.points2.count = (size_t)own->index;
        nabla_result none = {.struct_size = sizeof none};
        char words[50];
        snprintf(words, sizeof words, "but there are %d", own->index);
        REFUSED(nabla_estimate(own->estimator, &short_one, &none), NABLA_STATUS_BAD_INPUT, words);
    }
    return NULL;
}

// Goes on until the estimator is freed by another thread.
static void *work_until_freed(void *argument) {
    const task *own = argument;
    for (;;) {
        const nabla_problem problem = problem_of(&own->seen);
        nabla_result result = {.struct_size = sizeof result};
        const nabla_status status = nabla_estimate(own->estimator, &problem, &result);
        if (status != NABLA_STATUS_OK) {
            CHECK(status == NABLA_STATUS_BAD_HANDLE && result.status == NABLA_STATUS_BAD_HANDLE);
            return NULL;
        }
        CHECK(same(&result, &own->expected));
    }
}

static void start(pthread_t threads[THREADS], void *(*body)(void *), task tasks[THREADS]) {
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, body, &tasks[i]) == 0);
    }
}

static void join(const pthread_t threads[THREADS]) {
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
    }
}

int main(int argc, char **argv) {
    const int on_gpu = argc > 1 && strcmp(argv[1], "gpu") == 0;
    nabla_estimator *estimator = estimator_of(NABLA_MODEL_FUNDAMENTAL, on_gpu ? NABLA_BACKEND_GPU : NABLA_BACKEND_CPU);
    static task tasks[THREADS];
    for (int i = 0; i < THREADS; i++) {
        tasks[i] = (task){.estimator = estimator, .seen = look((unsigned)i + 1), .index = i};
        tasks[i].expected = estimate(estimator, &tasks[i].seen);
    }
    pthread_t threads[THREADS];
    start(threads, work, tasks);
    join(threads);
    start(threads, work_until_freed, tasks);
    CHECK(nabla_estimator_destroy(estimator) == NABLA_STATUS_OK);
    join(threads);
    puts("threads: passed");
    return 0;
}
