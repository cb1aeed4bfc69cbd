use super::{Drawn, Gathered, Lowest, pictures};
use crate::collection::{Configuration, Image};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

const STYLE: &str = "
:root { color-scheme: light dark; --line: #8884; --inlier: #0072b2; --outlier: #d55e00 }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse } td, th { text-align: left; padding: .2rem 1rem .2rem 0; border-bottom: 1px solid var(--line) }
td.number, th.number { text-align: right }
svg { width: 100%; height: auto; display: block } svg.histogram { max-width: 36rem }
svg text { font-size: 11px; text-anchor: middle; fill: currentColor } .bar { fill: var(--inlier) }
.empty { fill: #8882 } .inlier, .outlier { fill: none; stroke-width: 1; opacity: .85 }
.inlier { stroke: var(--inlier) } .outlier { stroke: var(--outlier); opacity: .45 }
figure { margin: 1rem 0 } figcaption { font-size: .9rem } h2 { margin-top: 2rem }
@media (prefers-color-scheme: dark) { :root { --inlier: #56b4e9; --outlier: #e69f00 } }
";

/// All that the page is made of.
pub(crate) struct Page<'a> {
    /// The database, as its user names it.
    pub(crate) title: String,
    /// What is said of all pairs, a paragraph a line.
    pub(crate) summary: String,
    pub(crate) gathered: &'a Gathered,
    pub(crate) images: &'a BTreeMap<u32, Image>,
    /// Folder of the photographs, to draw over.
    pub(crate) photographs: Option<&'a Path>,
}

impl Page<'_> {
    pub(crate) fn html(&self) -> Result<String, std::fmt::Error> {
        let title = escaped(&self.title);
        let mut html = String::new();
        write!(
            html,
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
             <style>{STYLE}</style><h1>{title}</h1>"
        )?;
        for line in self.summary.lines() {
            write!(html, "<p>{}</p>", escaped(line))?;
        }
        self.write_configurations(&mut html)?;
        let worst = "Geometries with the smallest share of inliers";
        self.write_pairs(&mut html, worst, &self.gathered.worst)?;
        let ambiguous = "Ambiguous: another motion explains the matches nearly as well";
        self.write_pairs(&mut html, ambiguous, &self.gathered.ambiguous)?;
        html.push_str("</html>\n");
        Ok(html)
    }

    fn write_configurations(&self, html: &mut String) -> std::fmt::Result {
        html.push_str("<h2>Pairs</h2><table><tr><th>configuration<th>COLMAP's number<th class=\"number\">pairs");
        for (configuration, counts) in &self.gathered.histograms {
            let (name, id, pairs) = (configuration.name(), configuration.id(), counts.iter().sum::<u64>());
            write!(html, "<tr><td>{name}<td>{id}<td class=\"number\">{pairs}")?;
        }
        html.push_str("</table><h2>Pairs by inliers</h2>");
        for (configuration, counts) in &self.gathered.histograms {
            if *configuration != Configuration::Undefined {
                write!(html, "<h3>{}</h3>{}", configuration.name(), pictures::histogram(counts)?)?;
            }
        }
        Ok(())
    }

    fn write_pairs(&self, html: &mut String, title: &str, Lowest(pairs): &Lowest) -> std::fmt::Result {
        if pairs.is_empty() {
            return Ok(());
        }
        write!(html, "<h2>{title}</h2>")?;
        for (_, drawn) in pairs {
            let Drawn { images, configuration, matches, inliers, .. } = drawn;
            let names = images.map(|image| self.images.get(&image).map_or("", |image| image.name.as_str()));
            let paths = names.map(|name| self.photographs.map(|folder| folder.join(name)));
            let picture = pictures::pair(drawn, paths.each_ref().map(|path| path.as_deref()))?;
            let [name1, name2] = names.map(escaped);
            let caption =
                format!("{name1} and {name2}: {}, {inliers} inliers of {matches} matches", configuration.name());
            write!(html, "<figure>{picture}<figcaption>{caption}</figcaption></figure>")?;
        }
        Ok(())
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
