/* The public functions of custom.h. */
#include "decode/custom.h"
#include "api/api.h"
#include <wherry/custom.h>

struct wherry_facts {
  wherry_module_t *module;
  wh_facts_t of;
};

wherry_error_t *wherry_module_facts(wherry_module_t *module, size_t index, wherry_facts_t **out) {
  const wh_custom_t *section = &module->model->customs.items[index];
  wh_alloc_t *alloc = &module->engine->alloc;
  *out = NULL;
  if (!wh_facts_known(section)) return NULL;
  wherry_facts_t *facts = WH_NEW(alloc, wherry_facts_t);
  if (!facts) return wh_error_oom();
  facts->module = module;
  wh_module_retain(module);
  wherry_error_t *error = wh_facts_read(alloc, module->model, section, &facts->of);
  if (error)
    wherry_facts_release(facts);
  else
    *out = facts;
  return error;
}

void wherry_facts_release(wherry_facts_t *facts) {
  if (!facts) return;
  wherry_module_t *module = facts->module;
  wh_facts_free(&facts->of);
  WH_DELETE(&module->engine->alloc, facts);
  wh_module_release(module);
}

size_t wherry_facts_count(const wherry_facts_t *facts) { return facts->of.items.count; }

const char *wherry_facts_kind(const wherry_facts_t *facts, size_t index) {
  return facts->of.items.items[index].form->kind;
}

static size_t number_count(const wh_fact_form_t *form) {
  return form->numbers[1] ? 2 : form->numbers[0] ? 1 : 0;
}

size_t wherry_facts_part_count(const wherry_facts_t *facts, size_t index) {
  const wh_fact_form_t *form = facts->of.items.items[index].form;
  return number_count(form) + (form->texts[1] ? 2 : form->texts[0] ? 1 : 0);
}

const char *wherry_facts_label(const wherry_facts_t *facts, size_t index, size_t part) {
  const wh_fact_form_t *form = facts->of.items.items[index].form;
  size_t numbers = number_count(form);
  return part < numbers ? form->numbers[part] : form->texts[part - numbers];
}

wherry_bytes_t wherry_facts_text(const wherry_facts_t *facts, size_t index, size_t part) {
  const wh_fact_t *fact = &facts->of.items.items[index];
  size_t numbers = number_count(fact->form);
  return part < numbers ? (wherry_bytes_t) {0} : fact->texts[part - numbers];
}

uint64_t wherry_facts_number(const wherry_facts_t *facts, size_t index, size_t part) {
  const wh_fact_t *fact = &facts->of.items.items[index];
  return part < number_count(fact->form) ? fact->numbers[part] : 0;
}

const wherry_error_t *wherry_facts_fault(const wherry_facts_t *facts) { return facts->of.fault; }

wherry_error_t *wherry_module_check_custom(wherry_module_t *module) {
  const wh_model_t *model = module->model;
  wherry_error_t *error = NULL;
  for (size_t i = 0; i < model->customs.count && !error; i++) {
    wh_facts_t facts;
    error = wh_facts_read(&module->engine->alloc, model, &model->customs.items[i], &facts);
    if (!error) {
      error = facts.fault;
      facts.fault = NULL;
    }
    wh_facts_free(&facts);
  }
  return error;
}
