# Writes abi_metafor_extra.json: reference values that tests/test_abi_*.py pin.
# Made with R 4.2.2, metafor 3.8-1, metadat 1.2-0, clubSandwich 0.5.8, numDeriv (Debian bookworm).
# Run: Rscript abi_metafor_extra.R > abi_metafor_extra.json
suppressMessages({library(metafor); library(metadat); library(clubSandwich); library(jsonlite)})
out <- list()
add <- function(name, call) {
  value <- eval(parse(text = call), envir = globalenv())
  out[[name]] <<- list(call = call, value = value)
}
tight <- list(threshold = 1e-14, maxiter = 10000)
bcg <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
smoke <- dat.hackshaw1998
school <- dat.konstantopoulos2011
# A constructed set with fewer effects than are comfortable, tau2 at the boundary after selection.
small <- data.frame(yi = c(.45, .12, .33, -.05, .28, .51, .02, .39),
                    vi = c(.031, .012, .024, .017, .015, .062, .008, .027))
add("small", "list(yi = small$yi, vi = small$vi)")

fit_row <- function(f) list(beta = c(f$beta), se = f$se, pval = f$pval, ci_lb = f$ci.lb,
  ci_ub = f$ci.ub, tau2 = f$tau2, I2 = f$I2, QE = f$QE, QEp = f$QEp)
add("small_REML_knha", 'fit_row(rma(yi, vi, data = small, method = "REML", test = "knha", control = tight))')
add("small_PM", 'fit_row(rma(yi, vi, data = small, method = "PM", control = list(tol = 1e-13)))')
add("small_tau2_ci", "confint(rma(yi, vi, data = small), control = list(tol = 1e-13))$random[1, ]")

# Step selection model (3PSM), Vevea & Hedges; cut at a one-sided p of 0.025.
sel <- function(f, alternative) {
  s <- selmodel(f, type = "stepfun", steps = 0.025, alternative = alternative,
    control = list(optimizer = "BFGS", reltol = 1e-15, maxit = 5000))
  list(beta = c(s$beta), se = c(s$se), tau2 = s$tau2, se_tau2 = s$se.tau2, delta = s$delta[2],
       se_delta = s$se.delta[2], LRT = s$LRT, LRTp = s$LRTp, ll = c(logLik(s)))
}
add("smoke_3psm", 'sel(rma(yi, vi, data = smoke, method = "ML", control = tight), "greater")')
add("bcg_3psm", 'sel(rma(yi, vi, data = bcg, method = "ML", control = tight), "less")')
add("bcg_3psm_ablat", 'sel(rma(yi, vi, mods = ~ I(ablat - 33), data = bcg, method = "ML", control = tight), "less")')
add("small_3psm", 'sel(rma(yi, vi, data = small, method = "ML", control = tight), "greater")')

# PET and PEESE as weighted least squares (Stanley & Doucouliagos 2014).
wls <- function(f) { s <- summary(f)$coefficients; ci <- confint(f)
  list(est = s[, 1], se = s[, 2], t = s[, 3], p = s[, 4], lb = ci[, 1], ub = ci[, 2], df = f$df.residual) }
for (d in c("bcg", "smoke", "small")) {
  add(paste0(d, "_pet"), sprintf("wls(lm(yi ~ sqrt(vi), weights = 1/vi, data = %s))", d))
  add(paste0(d, "_peese"), sprintf("wls(lm(yi ~ vi, weights = 1/vi, data = %s))", d))
}

# Influence: all columns, intercept-only and with a moderator, normal and Knapp-Hartung.
inf <- function(f) { i <- influence(f)
  c(unclass(i$inf)[c("rstudent", "dffits", "cook.d", "cov.r", "tau2.del", "QE.del", "hat", "weight")],
    list(dfbs = do.call(cbind, unclass(i$dfbs)[seq_len(f$p)]), flagged = unname(i$is.infl))) }
add("bcg_influence", 'inf(rma(yi, vi, data = bcg, method = "REML", control = tight))')
add("bcg_influence_ablat_knha", 'inf(rma(yi, vi, mods = ~ ablat, data = bcg, method = "REML", test = "knha", control = tight))')
l1o <- function(f) unclass(leave1out(f))[c("estimate", "se", "pval", "ci.lb", "ci.ub", "Q", "Qp", "tau2", "I2")]
add("bcg_leave1out_knha", 'l1o(rma(yi, vi, data = bcg, method = "REML", test = "knha", control = tight))')

# Cluster-robust with several coefficients and prediction; three-level with robust inference.
rob <- function(f) { r <- robust(f, cluster = district, clubSandwich = TRUE)
  list(beta = c(r$beta), se = r$se, df = r$dfs, p = r$pval, ci_lb = r$ci.lb, ci_ub = r$ci.ub,
       vcov = matrix(as.numeric(r$vb), nrow = r$p)) }
add("school_robust_year", 'rob(rma(yi, vi, mods = ~ I(year - 1987), data = school, control = tight))')
add("school_robust_district", 'rob(rma(yi, vi, mods = ~ as.numeric(district == 12), data = school, control = tight))')
add("school_robust_FE", 'rob(rma(yi, vi, data = school, method = "FE"))')
add("school_robust_pi", 'unclass(predict(robust(rma(yi, vi, data = school, control = tight), cluster = district, clubSandwich = TRUE)))[c("ci.lb", "ci.ub", "pi.lb", "pi.ub")]')
mv <- function(call_mods = ~ 1, method = "REML") rma.mv(yi, vi, mods = call_mods, random = ~ 1 | district/school,
  data = school, method = method, control = list(optimizer = "BFGS", reltol = 1e-15))
add("school_3l_robust", 'rob(mv())')
add("school_3l_robust_year", 'rob(mv(~ I(year - 1987)))')
add("school_3l_robust_pi", 'unclass(predict(robust(mv(), cluster = district, clubSandwich = TRUE)))[c("ci.lb", "ci.ub", "pi.lb", "pi.ub")]')
add("school_3l_t", 'with(rma.mv(yi, vi, random = ~ 1 | district/school, data = school, test = "t", control = list(optimizer = "BFGS", reltol = 1e-15)), list(se = se, pval = pval, ci_lb = ci.lb, ci_ub = ci.ub, sigma2 = sigma2))')
# A three-level set in which the component within clusters is estimated at zero.
nested <- data.frame(cl = c(1, 1, 2, 2, 3, 3, 4, 4, 5), yi = c(.1, .12, .5, .48, .31, .29, .75, .8, .2),
                     vi = c(.02, .03, .025, .04, .03, .02, .05, .03, .02))
nested$es <- seq_len(nrow(nested))
add("nested", "list(cl = nested$cl, yi = nested$yi, vi = nested$vi)")
add("nested_3l", 'with(rma.mv(yi, vi, random = ~ 1 | cl/es, data = nested, control = list(optimizer = "BFGS", reltol = 1e-15)), list(sigma2 = sigma2, beta = c(beta), se = se, ll = c(logLik(rma.mv(yi, vi, random = ~ 1 | cl/es, data = nested)))))')

# Scales: log odds ratios, the same as standardised mean differences, log risk ratios.
esc <- function(measure) { e <- escalc(measure = measure, ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
  list(yi = c(e$yi), vi = e$vi) }
for (m in c("OR", "OR2DL", "RR")) add(paste0("bcg_", m), sprintf('esc("%s")', m))
json <- toJSON(c(list(made_with = R.version.string, metafor = as.character(packageVersion("metafor"))), out),
           digits = NA, auto_unbox = TRUE, na = "null", pretty = FALSE)
cat(gsub('},"([A-Za-z0-9_]+)":\\{"call"', '},\n"\\1":{"call"', json), "\n")
