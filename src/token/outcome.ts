/**
 * What K3s makes of a token. `works`; `unpinned`: works, and the node trusts whatever CA it meets; `refused`: K3s says so and does not join;
 * `mismatch`: K3s takes it and means another password by it than the one who gave it; `random`: K3s makes a
 * token of its own.
 */
export type Outcome = 'works' | 'unpinned' | 'refused' | 'mismatch' | 'random'
