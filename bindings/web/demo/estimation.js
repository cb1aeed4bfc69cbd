// One estimator a choice of backend and sampler, and one estimation at a time: the newest that is asked for.
import { Estimator } from "./pkg/nabla_ransac.js";

export class Estimation {
    #estimators = new Map();
    #next = null;
    #runs = false;

    /** The estimator of these options, made when first asked for. */
    estimator(options) {
        const key = JSON.stringify(options);
        if (!this.#estimators.has(key)) {
            const made = Estimator.create(options);
            made.catch(() => this.#estimators.delete(key)); // the next time may go better
            this.#estimators.set(key, made);
        }
        return this.#estimators.get(key);
    }

    /** Forgets all: after a lost device they are made anew. */
    forget() {
        this.#estimators.clear();
    }

    /** Estimates, or leaves it where another one is asked for meanwhile; `done` gets what `work` gives, or its error. */
    async newest(work, done) {
        this.#next = { work, done };
        if (this.#runs) return;
        this.#runs = true;
        while (this.#next) {
            const { work, done } = this.#next;
            this.#next = null;
            let answer, error = null;
            try {
                answer = await work();
            } catch (thrown) {
                error = thrown;
            }
            if (!this.#next) done(answer, error);
        }
        this.#runs = false;
    }
}
