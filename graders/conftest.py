"""`pytest graders/lesson_7_2_1_score_functions --submission exercises` runs a lesson's checks under pytest."""

pytest_plugins = ["blindgrade.plugins.pytest"]
