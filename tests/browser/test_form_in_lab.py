"""The set-up form in a real JupyterLab: a file, a service that is not there, and a person who comes back."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.async_api import FilePayload, expect

from tests.browser.interviewing import button
from tests.browser.jupyter import Lab
from tests.llm.misbehaving import closed_port
from tests.view.papers import pdf

HOME = 'import os; os.environ["MOCKMATE_HOME"] = {home!r}'
PANEL = "from mockmate_nb import InterviewPanel\npanel = InterviewPanel()\npanel"
WAIT = 30_000


async def open_form(lab: Lab, tmp_path: Path) -> None:
    await lab.open([HOME.format(home=str(tmp_path)), PANEL])
    await lab.run_all()
    await expect(button(lab, "Start the interview")).to_be_visible()


async def test_a_resume_is_taken_from_a_pdf(lab: Lab, tmp_path: Path) -> None:
    await open_form(lab, tmp_path)
    resume = lab.page.get_by_label("Your résumé", exact=True)
    await lab.page.get_by_label("The job description", exact=True).fill(
        "# Senior Engineer\n\nKafka and Kubernetes"
    )
    content = pdf("Maya Lindqvist", "Skills: Python, Kafka")
    for name, body, told in (
        ("maya.pdf", content, "maya.pdf: "),
        ("cut.pdf", content[:150], "The box is as it was."),
    ):
        async with lab.page.expect_file_chooser() as chosen:
            await lab.page.get_by_role("button", name="Résumé from a file").click()
        await (await chosen.value).set_files(FilePayload(name=name, mimeType="application/pdf", buffer=body))
        await expect(lab.page.locator(".mockmate-file").first).to_contain_text(told, timeout=WAIT)
        assert "Skills: Python, Kafka" in await resume.input_value()
    await expect(lab.page.locator(".mockmate-form")).to_contain_text("The job also asks for: Kubernetes.")
    await expect(lab.page.get_by_label("Level", exact=True)).to_have_value("senior")
    assert (await lab.kernel("print([box.upload.value for box in panel.form._boxes])")).strip() == "[(), ()]"
    assert lab.errors == []


async def test_a_service_that_does_not_answer_is_named_in_plain_words(lab: Lab, tmp_path: Path) -> None:
    await open_form(lab, tmp_path)
    await lab.page.get_by_label("Model", exact=True).select_option("OpenAI-compatible service")
    for label, text in (("Model name", "m"), ("Address (base URL)", f"http://127.0.0.1:{closed_port()}/v1")):
        field = lab.page.get_by_label(label, exact=True)
        await field.fill(text)
        await field.blur()
    await expect(lab.page.locator(".mockmate-form")).to_contain_text("Nothing leaves this machine")
    await button(lab, "Test connection").dblclick()
    alert = lab.page.locator(".mockmate-form [role=alert]")
    await expect(alert).to_contain_text("Nothing answers at http://127.0.0.1", timeout=WAIT)
    await lab.page.get_by_label("Model", exact=True).select_option(index=0)
    await expect(alert).to_have_count(0)
    assert lab.errors == []


async def test_a_person_who_comes_back_finds_the_form_as_it_was_left(lab: Lab, tmp_path: Path) -> None:
    await open_form(lab, tmp_path)
    await button(lab, "Fill in the sample").click()
    await lab.page.get_by_label("Questions", exact=True).fill("5")
    await lab.page.get_by_label("Questions", exact=True).blur()
    await lab.page.get_by_label("Mode", exact=True).select_option("live, with a clock")
    await expect(lab.page.get_by_label("Minutes", exact=True)).to_have_value("30")
    await button(lab, "Start the interview").click()
    await expect(lab.page.locator(".mockmate-status")).to_contain_text("Question 1 of 5", timeout=WAIT)
    await lab.restart()
    await lab.run_all()
    await expect(lab.page.get_by_label("Your résumé", exact=True)).to_have_value(re.compile("^# Maya"))
    await expect(lab.page.get_by_label("Questions", exact=True)).to_have_value("5")
    await expect(lab.page.get_by_label("Minutes", exact=True)).to_have_value("30")
    await button(lab, "More choices").click()
    await button(lab, "Forget my set-up").click()
    await expect(lab.page.locator(".mockmate-form")).to_contain_text("Forgotten.")
    await lab.run_cell(1)
    await expect(lab.page.get_by_label("Your résumé", exact=True)).to_have_value("")
    assert lab.errors == []
