# Reference values for tests/test_evaluation_designs.py, by base R and matrices only.
#   Rscript tests/data/evaluation_panel.R        (in the checkout's root)
# Two-way fixed effects with standard errors clustered by area, small-sample factor
# (N-1)/(N-K) * G/(G-1) where K leaves out the area effects, which are nested in the clusters;
# Gardner's two-stage estimate with its GMM variance (no small-sample factor); the event study of
# Sun and Abraham as differences of cohort means from areas never treated, against the year before.
d <- read.csv("tests/data/evaluation_panel.csv")
d$treated <- as.numeric(!is.na(d$start) & d$year >= d$start)
G <- length(unique(d$area)); N <- nrow(d); T <- length(unique(d$year))

fit <- lm(outcome ~ treated + factor(area) + factor(year), d)
x <- residuals(lm(treated ~ factor(area) + factor(year), d)); u <- residuals(fit)
score <- tapply(x * u, d$area, sum)
K <- 1 + T                                    # treated and year effects; see ?fixest::ssc
twfe_se <- sqrt(sum(score^2) / sum(x^2)^2 * (N - 1) / (N - K) * G / (G - 1))

X1 <- model.matrix(~ 0 + factor(area) + factor(year), d); X2 <- cbind(d$treated)
X10 <- X1 * (1 - d$treated)
first <- lm.fit(X1[d$treated == 0, ], d$outcome[d$treated == 0])
u1 <- d$outcome - X1 %*% first$coefficients
two <- mean(u1[d$treated == 1]); u2 <- u1 - X2 * two
V <- t(solve(crossprod(X10), t(crossprod(X2, X1))))
W <- sapply(split(seq_len(N), d$area), function(i)
  crossprod(X2[i, , drop = FALSE], u2[i]) - V %*% crossprod(X10[i, , drop = FALSE], u1[i]))
two_se <- sqrt(sum((W / sum(X2))^2))

never <- tapply(d$outcome[is.na(d$start)], d$year[is.na(d$start)], mean)
study <- list()
for (s in c(4, 6)) {
  m <- tapply(d$outcome[which(d$start == s)], d$year[which(d$start == s)], mean)
  g <- m - never; g <- g - g[as.character(s - 1)]
  study[[length(study) + 1]] <- data.frame(since = as.numeric(names(g)) - s, gap = g,
    n = length(unique(d$area[which(d$start == s)])))
}
study <- do.call(rbind, study)
study <- sapply(split(study, study$since), function(r) weighted.mean(r$gap, r$n))

cat(sprintf("two-way %.10f %.10f\n", coef(fit)["treated"], twfe_se))
cat(sprintf("two-stage %.10f %.10f\n", two, two_se))
cat(sprintf("event %s %.10f\n", names(study), study), sep = "")
