// What a refined pose keeps for its gradient: the rows of the pose that chose its inliers, centre and spread of these, the
// inverse of the Hessian row by row.
const STATE: u32 = 13u;
