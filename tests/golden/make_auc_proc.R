# Writes auc_proc.json from auc_cases.csv with pROC, the reference for DeLong intervals.
#
#     Rscript tests/golden/make_auc_proc.R tests/golden 2026-11-22
#
# Needs R with pROC and jsonlite (Debian: r-cran-proc r-cran-jsonlite), and sha256sum.

suppressMessages({library(pROC); library(jsonlite)})
arguments <- commandArgs(trailingOnly = TRUE)
folder <- arguments[1]
input <- file.path(folder, "auc_cases.csv")
cases <- read.csv(input)

measure <- function(rows) {
  curve <- function(scores) roc(rows$y, scores, levels = c(0, 1), direction = "<", quiet = TRUE)
  a <- curve(rows$a)
  b <- curve(rows$b)
  interval <- function(one, level) as.numeric(ci.auc(one, method = "delong", conf.level = level))[c(1, 3)]
  # roc.test gives roc1 - roc2, so b stands first: above 0, b ranks better.
  test <- roc.test(b, a, paired = TRUE, method = "delong", conf.level = 0.95)
  list(
    a = as.numeric(auc(a)), a_95 = interval(a, 0.95), a_80 = interval(a, 0.80),
    b = as.numeric(auc(b)), b_95 = interval(b, 0.95),
    covariance = as.numeric(cov(a, b, method = "delong")),
    z = as.numeric(test$statistic), p = as.numeric(test$p.value), difference_95 = as.numeric(test$conf.int)
  )
}

quietly <- function(rows) tryCatch(suppressWarnings(measure(rows)), error = function(e) list(error = conditionMessage(e)))
names <- unique(cases$case)
results <- setNames(lapply(names, function(name) quietly(cases[cases$case == name, ])), names)
birth <- list(
  tool = paste("pROC", packageVersion("pROC"), "on", R.version.string),
  script = "make_auc_proc.R",
  input = "auc_cases.csv",
  input_sha256 = sub(" .*", "", system2("sha256sum", shQuote(input), stdout = TRUE)),
  date = arguments[2]
)
document <- list(birth_certificate = birth, cases = results)
write(toJSON(document, auto_unbox = TRUE, digits = 15, pretty = TRUE, na = "null"), file.path(folder, "auc_proc.json"))
